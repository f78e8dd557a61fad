package dev.quantgate.inference.checkpoint;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;

/** An open folder. Sums are computed when they are asked for: they read every byte once more. */
record FolderCheckpoint(
    Path folder,
    ModelConfig config,
    Tensor embedding,
    List<Block> blocks,
    Tensor finalNorm,
    Linear head,
    long weightBytes,
    String weightFormat,
    List<Path> files,
    Arena arena)
    implements Checkpoint {

  @Override
  public String weightsSha256() {
    return FileSums.ofWeights(files);
  }

  @Override
  public String configSha256() {
    return configSha256(folder);
  }

  static String configSha256(Path folder) {
    return FileSums.ofNamed(
        List.of(
            folder.resolve("config.json"),
            folder.resolve("generation_config.json"),
            folder.resolve("quant_config.json"),
            folder.resolve("quantize_config.json")));
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
