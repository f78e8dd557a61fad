package dev.quantgate.inference.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.quantgate.inference.Outcome;
import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Checkpoints;
import dev.quantgate.inference.cpu.TokenEngine.GenerateJob;
import dev.quantgate.inference.cpu.TokenEngine.Results;
import dev.quantgate.inference.cpu.TokenEngine.Writer;
import dev.quantgate.inference.fixture.ParityFolders;
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
  private static final int WHOLE = Integer.MAX_VALUE;

  @TestFactory
  Stream<DynamicTest> prefillInOnePieceGivesTheReferenceLogits() {
    return eachFolder((engine, folder) -> compareLogits(engine, folder, WHOLE));
  }

  @TestFactory
  Stream<DynamicTest> prefillInPiecesGivesTheReferenceLogits() {
    return eachFolder((engine, folder) -> compareLogits(engine, folder, 7));
  }

  @TestFactory
  Stream<DynamicTest> prefillTokenByTokenGivesTheReferenceLogits() {
    return eachFolder((engine, folder) -> compareLogits(engine, folder, 1));
  }

  @TestFactory
  Stream<DynamicTest> greedyContinuationsAreTheReferenceIds() {
    return eachFolder(ParityEngineTest::compareGreedy);
  }

  private static Stream<DynamicTest> eachFolder(BiConsumer<BatchEngine, Path> check) {
    List<Path> folders = ParityFolders.with("expected/logits.safetensors");
    assertThat(folders).as("reference folders with logits").isNotEmpty();
    return folders.stream()
        .map(folder ->
            DynamicTest.dynamicTest(
                folder.getFileName().toString(),
                () -> {
                  try (Checkpoint checkpoint = Checkpoints.open(folder);
                      var team = new Team(2);
                      var model = new LoadedModel(checkpoint, team);
                      var engine = new BatchEngine(model, team, 1000, 0, true)) {
                    check.accept(engine, folder);
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

  private static void compareLogits(BatchEngine engine, Path folder, int piece) {
    List<Reference> references = references(folder);
    try (Arena arena = Arena.ofConfined()) {
      for (int i = 0; i < references.size(); i++) {
        float[] expected =
            tensor(folder.resolve("expected/logits.safetensors"), "logits." + i, arena);
        float[][] actual = engine.logits(references.get(i).ids(), piece);
        int vocabulary = actual[0].length;
        assertThat(expected).hasSize(actual.length * vocabulary);
        for (int position = 0; position < actual.length; position++) {
          for (int id = 0; id < vocabulary; id++) {
            float reference = expected[position * vocabulary + id];
            double off = Math.abs(actual[position][id] - reference);
            if (!(off <= TOLERANCE * (1 + Math.abs(reference)))) {
              fail(
                  "prompt %d, position %d, id %d: expected %s, found %s",
                  i, position, id, reference, actual[position][id]);
            }
          }
        }
      }
    }
  }

  private static void compareGreedy(BatchEngine engine, Path folder) {
    List<Reference> references = references(folder);
    var jobs = new ArrayList<GenerateJob>();
    for (Reference reference : references) {
      jobs.add(
          new GenerateJob(
              reference.ids(), reference.greedy().length, new Recorder(reference.greedy().length)));
    }
    var done = new ArrayList<Integer>();
    engine.generate(
        jobs,
        new Results<>() {
          @Override
          public void done(int job, Writer writer) {
            done.add(job);
            assertThat(((Recorder) writer).tokens()).containsExactly(references.get(job).greedy());
          }

          @Override
          public void faulted(int job, Outcome.Fault fault, String message) {
            fail(fault + ": " + message);
          }
        });
    assertThat(done).hasSameSizeAs(references);
  }

  /** Takes the largest logit each time, whatever it is. */
  private static final class Recorder implements Writer {
    private final int[] tokens;
    private int count;

    Recorder(int length) {
      tokens = new int[length];
    }

    int[] tokens() {
      return tokens;
    }

    @Override
    public int choose(float[] logits, int at, int vocabulary) {
      return LogSoftmax.argmax(logits, at, vocabulary);
    }

    @Override
    public boolean append(int token) {
      tokens[count++] = token;
      return false;
    }
  }

  /** One float32 tensor of a safetensors file. */
  private static float[] tensor(Path file, String name, Arena arena) {
    try (FileChannel channel = FileChannel.open(file)) {
      MemorySegment data = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      long header = data.get(Widen.INT, 0);
      byte[] json = data.asSlice(8, header).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
      JsonNode entry = JSON.readTree(new String(json, StandardCharsets.UTF_8)).get(name);
      long begin = entry.get("data_offsets").get(0).asLong();
      long end = entry.get("data_offsets").get(1).asLong();
      float[] values = new float[Math.toIntExact((end - begin) / 4)];
      Widen.f32(data, 8 + header + begin, values, 0, values.length);
      return values;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
