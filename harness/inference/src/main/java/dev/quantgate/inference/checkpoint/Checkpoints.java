package dev.quantgate.inference.checkpoint;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Opens checkpoint folders. */
public final class Checkpoints {
  private Checkpoints() {}

  /**
   * Opens a Hugging Face folder: config.json, and weights as safetensors or PyTorch files, whole or
   * sharded, plain or packed by GPTQ. Everything is checked before this returns: the files against
   * their format, the tensors against config.json, group indices against their groups, and every
   * floating-point weight for being finite (one pass over the file, which also brings it into the
   * page cache).
   *
   * @throws dev.quantgate.inference.InferenceException of kind BAD_CHECKPOINT, UNSUPPORTED or IO,
   *     with the file, what was expected and what was found
   */
  @SuppressWarnings("MustBeClosedChecker") // the checkpoint owns the arena and closes it
  public static Checkpoint open(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw Refusal.damaged(folder, "is no checkpoint folder");
    }
    Architecture architecture = Architecture.read(folder);
    Optional<GptqConfig> gptq = GptqConfig.read(folder);
    Arena arena = Arena.ofShared();
    try {
      return CheckpointBuilder.build(
          folder, architecture, gptq, WeightFiles.open(folder, gptq, arena), arena);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /**
   * What a model's config.json says of its shape; no weights are looked at.
   *
   * @throws dev.quantgate.inference.InferenceException of kind BAD_CHECKPOINT, UNSUPPORTED or IO
   */
  public static ModelConfig config(Path folder) {
    return Architecture.read(folder).config();
  }

  /**
   * Refuses a folder that lacks a file, or whose config.json, quantisation or weight files' headers
   * cannot be read; no weights are looked at.
   *
   * @throws dev.quantgate.inference.InferenceException of kind BAD_CHECKPOINT, UNSUPPORTED or IO
   */
  public static void requireReadable(Path folder) {
    Architecture.read(folder);
    List<Path> files = weightFiles(folder);
    assert !files.isEmpty();
  }

  /**
   * The sums that tell a folder's checkpoint from others, without opening it: as {@link
   * Checkpoint#weightsSha256} and {@link Checkpoint#configSha256}. Of weight files that have not
   * changed since they were last read, their sums are known.
   *
   * @throws dev.quantgate.inference.InferenceException if it has no weights, or they cannot be read
   */
  public static Sums sums(Path folder) {
    return new Sums(FileSums.ofWeights(weightFiles(folder)), FolderCheckpoint.configSha256(folder));
  }

  /** What is in a folder. */
  public record Sums(String weightsSha256, String configSha256) {}

  /** Forgets what is known of a folder's weight files, so that they are read again. */
  public static void forgetSums(Path folder) {
    weightFiles(folder).forEach(KnownSums.ofUser()::forget);
  }

  private static List<Path> weightFiles(Path folder) {
    try (Arena arena = Arena.ofConfined()) {
      return WeightFiles.open(folder, GptqConfig.read(folder), arena).paths();
    }
  }
}
