package dev.quantgate.inference.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Checkpoints;
import dev.quantgate.inference.engine.StepExecutor;
import dev.quantgate.inference.fixture.ParityFolders;
import dev.quantgate.inference.fixture.StepRunner;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Logits and greedy continuations of every reference checkpoint, against what transformers
 * computes.
 */
class ParityEngineTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final double TOLERANCE = 2e-4;

  /** Here transformers in float64 is 1.2e-4 away from itself in float32. */
  private static final String ILL_CONDITIONED = "b01-gptq-v1-wordborrow";

  private static final int WHOLE = Integer.MAX_VALUE;

  @TestFactory
  Stream<DynamicTest> prefillInOnePieceGivesTheReferenceLogits() {
    return eachFolder((runner, folder) -> compareLogits(runner, folder, WHOLE));
  }

  @TestFactory
  Stream<DynamicTest> prefillInPiecesGivesTheReferenceLogits() {
    return eachFolder((runner, folder) -> compareLogits(runner, folder, 7));
  }

  @TestFactory
  Stream<DynamicTest> prefillTokenByTokenGivesTheReferenceLogits() {
    return eachFolder((runner, folder) -> compareLogits(runner, folder, 1));
  }

  @TestFactory
  Stream<DynamicTest> greedyContinuationsAreTheReferenceIds() {
    return eachFolder((runner, folder) -> {
      for (Reference reference : references(folder)) {
        assertThat(runner.greedy(reference.ids(), reference.greedy().length))
            .containsExactly(reference.greedy());
      }
    });
  }

  private static Stream<DynamicTest> eachFolder(BiConsumer<StepRunner, Path> check) {
    List<Path> folders = ParityFolders.with("expected/logits.safetensors");
    assertThat(folders).as("reference folders with logits").isNotEmpty();
    return folders.stream()
        .map(folder ->
            DynamicTest.dynamicTest(
                folder.getFileName().toString(),
                () -> {
                  try (Checkpoint checkpoint = Checkpoints.open(folder);
                      StepExecutor device = CpuStepExecutorTest.open(checkpoint, 1000, 2)) {
                    int vocabulary = checkpoint.config().vocabularySize();
                    check.accept(new StepRunner(device, vocabulary), folder);
                  }
                }));
  }

  private record Reference(int[] ids, int[] greedy) {}

  private static List<Reference> references(Path folder) {
    JsonNode json = JSON.readTree(folder.resolve("expected/prompts.json"));
    var references = new ArrayList<Reference>();
    for (JsonNode prompt : json.get("prompts")) {
      references.add(new Reference(ints(prompt.get("ids")), ints(prompt.get("greedy"))));
    }
    assertThat(references).as("prompts of " + folder).isNotEmpty();
    return references;
  }

  private static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }

  private static void compareLogits(StepRunner runner, Path folder, int piece) {
    List<Reference> references = references(folder);
    double tolerance = folder.endsWith(ILL_CONDITIONED) ? 5 * TOLERANCE : TOLERANCE;
    try (Arena arena = Arena.ofConfined()) {
      for (int i = 0; i < references.size(); i++) {
        float[] expected =
            tensor(folder.resolve("expected/logits.safetensors"), "logits." + i, arena);
        float[][] actual = runner.logits(references.get(i).ids(), piece);
        int vocabulary = actual[0].length;
        assertThat(expected).hasSize(actual.length * vocabulary);
        for (int position = 0; position < actual.length; position++) {
          for (int id = 0; id < vocabulary; id++) {
            float reference = expected[position * vocabulary + id];
            double off = Math.abs(actual[position][id] - reference);
            if (!(off <= tolerance * (1 + Math.abs(reference)))) {
              fail(
                  "prompt %d, position %d, id %d: expected %s, found %s",
                  i, position, id, reference, actual[position][id]);
            }
          }
        }
      }
    }
  }

  /** One float32 tensor of a safetensors file. */
  private static float[] tensor(Path file, String name, Arena arena) {
    try (FileChannel channel = FileChannel.open(file)) {
      MemorySegment data = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      long header = data.get(Widening.INT, 0);
      byte[] json = data.asSlice(8, header).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
      JsonNode entry = JSON.readTree(new String(json, StandardCharsets.UTF_8)).get(name);
      long begin = entry.get("data_offsets").get(0).asLong();
      long end = entry.get("data_offsets").get(1).asLong();
      float[] values = new float[Math.toIntExact((end - begin) / 4)];
      Widening.f32(data, 8 + header + begin, values, 0, values.length);
      return values;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
