package dev.quantgate.inference.cuda;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Checkpoints;
import dev.quantgate.inference.engine.Ask;
import dev.quantgate.inference.engine.MemoryPlan;
import dev.quantgate.inference.engine.Slice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A checkpoint folder with reference logits, run on a device. */
final class ParityFolder {
  private static final JsonMapper JSON = new JsonMapper();

  private ParityFolder() {}

  /** Checkpoint folders with reference logits, by name. */
  static List<Path> in(Path parity) {
    try (Stream<Path> folders = Files.list(parity)) {
      return folders
          .filter(folder -> Files.exists(folder.resolve("expected/logits.safetensors")))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * How far a device's logits are from the reference's.
   *
   * @param worst largest of {@code |logit - reference| / (1 + |reference|)}
   * @param rms root of the mean square of {@code logit - reference}, as a share of the references'
   * @param greedyEqual greedy tokens that agree, of {@code greedy}
   */
  record Distance(double worst, double rms, int greedyEqual, int greedy) {}

  /** An executor over a checkpoint, with room for a context of so many positions. */
  static CudaExecutor executor(DeviceSession session, Path folder, int pages, int stepRows) {
    try (Checkpoint checkpoint = Checkpoints.open(folder)) {
      DeviceModel model =
          DeviceModel.load(
              session.context(),
              session.kernels(),
              session.stream(),
              checkpoint,
              folder.getFileName().toString());
      var plan =
          new MemoryPlan(
              "--gpu-memory", model.bytes(), 1, Forward.pageBytes(checkpoint.config()), pages);
      return new CudaExecutor(
          session.context(), session.kernels(), session.stream(), model, plan, stepRows, true);
    }
  }

  /** Runs every prompt in pieces of at most {@code piece} positions. */
  static Distance measure(CudaExecutor executor, Path folder, int piece) throws IOException {
    Map<String, float[][]> reference = logits(folder.resolve("expected/logits.safetensors"));
    JsonNode prompts = JSON.readTree(folder.resolve("expected/prompts.json").toFile());
    JsonNode list = prompts.isArray() ? prompts : prompts.get("prompts");
    double worst = 0;
    double error = 0;
    double power = 0;
    int equal = 0;
    int greedy = 0;
    for (int p = 0; p < list.size(); p++) {
      int[] ids = ints(list.get(p).has("ids") ? list.get(p).get("ids") : list.get(p).get("tokens"));
      float[][] found = run(executor, ids, piece);
      float[][] expected = Objects.requireNonNull(reference.get("logits." + p));
      for (int i = 0; i < ids.length; i++) {
        for (int t = 0; t < expected[i].length; t++) {
          double difference = Math.abs(found[i][t] - expected[i][t]);
          worst = Math.max(worst, difference / (1 + Math.abs(expected[i][t])));
          error += difference * difference;
          power += (double) expected[i][t] * expected[i][t];
          if (Double.isNaN(difference)) {
            worst = Double.POSITIVE_INFINITY;
          }
        }
      }
      int[] continued = ints(list.get(p).get("greedy"));
      int[] all = Arrays.copyOf(ids, ids.length + continued.length);
      System.arraycopy(continued, 0, all, ids.length, continued.length);
      for (int i = 0; i < continued.length; i++) {
        equal +=
            next(executor, all, ids.length + i, i == 0 ? 0 : ids.length + i - 1) == continued[i]
                ? 1
                : 0;
        greedy++;
      }
    }
    return new Distance(worst, Math.sqrt(error / power), equal, greedy);
  }

  private static int[] pages(int length) {
    return IntStream.range(0, Math.ceilDiv(length, Workspace.PAGE)).toArray();
  }

  /** The most likely token after {@code length} tokens, of which {@code from} are computed. */
  private static int next(CudaExecutor executor, int[] ids, int length, int from) {
    int[] found = new int[1];
    int first = from;
    for (int at = first; at < length; at += executor.stepRows()) {
      int to = Math.min(length, at + executor.stepRows());
      List<Ask> asks =
          to == length
              ? List.of(new Ask.OfTokens(to - 1, new int[0], d -> found[0] = d.argmax()))
              : List.of();
      executor.step(List.of(new Slice(pages(length), ids, at, to, asks)));
    }
    return found[0];
  }

  /** The logits after each position. */
  static float[][] run(CudaExecutor executor, int[] ids, int piece) {
    float[][] found = new float[ids.length][];
    int to;
    for (int from = 0; from < ids.length; from = to) {
      to = Math.min(ids.length, from + Math.min(piece, executor.stepRows()));
      var asks = new ArrayList<Ask>();
      for (int position = from; position < to; position++) {
        int at = position;
        asks.add(
            new Ask.WholeRow(
                at,
                (row, offset, argmax) -> found[at] = Arrays.copyOfRange(row, offset, row.length)));
      }
      executor.step(List.of(new Slice(pages(ids.length), ids, from, to, asks)));
    }
    return found;
  }

  static int[] ints(JsonNode node) {
    int[] values = new int[node.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = node.get(i).asInt();
    }
    return values;
  }

  /** The float32 matrices of a safetensors file. */
  private static Map<String, float[][]> logits(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int header = (int) bytes.getLong();
    byte[] json = new byte[header];
    bytes.get(json);
    var matrices = new LinkedHashMap<String, float[][]>();
    for (var entry : JSON.readTree(json).properties()) {
      if (entry.getKey().equals("__metadata__")) {
        continue;
      }
      int rows = entry.getValue().get("shape").get(0).asInt();
      int columns = entry.getValue().get("shape").get(1).asInt();
      int at = 8 + header + entry.getValue().get("data_offsets").get(0).asInt();
      float[][] matrix = new float[rows][columns];
      for (int r = 0; r < rows; r++) {
        bytes
            .slice(at + 4 * r * columns, 4 * columns)
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer()
            .get(matrix[r]);
      }
      matrices.put(entry.getKey(), matrix);
    }
    return matrices;
  }
}
