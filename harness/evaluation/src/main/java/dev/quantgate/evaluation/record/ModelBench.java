package dev.quantgate.evaluation.record;

import dev.quantgate.base.Version;
import dev.quantgate.inference.ModelIdentity;
import dev.quantgate.inference.SpeedReport;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Memory and speed of a model by itself, as {@code quantgate bench --out FILE} measured them: the
 * content of such a file. A report shows those that lie beside comparison.json, are called {@code
 * bench*.json}, and are of one of its models. The JSON Schema is the resource {@code
 * schemas/bench.schema.json} of this module.
 *
 * @param program name and version of what measured
 * @param reference what the user typed for the model
 * @param identity what it is, by the names that comparison.json uses
 * @param threads worker threads
 * @param checkpointBytes bytes of the weights in the files
 * @param weightBytes resident bytes of weights
 * @param loadSeconds from opening the folder to being ready
 * @param readBandwidth bytes a second of a plain read stream from the same memory
 */
public record ModelBench(
    String program,
    String reference,
    SortedMap<String, String> identity,
    int threads,
    long checkpointBytes,
    long weightBytes,
    double loadSeconds,
    double readBandwidth,
    List<Passage> passages) {
  private static final int MOST_PASSAGES = 100;
  private static final String WEIGHTS = "weightsSha256";
  private static final String CONFIG = "configSha256";

  public ModelBench {
    identity = Collections.unmodifiableSortedMap(new TreeMap<>(identity));
    passages = List.copyOf(passages);
    require(threads > 0, "threads", threads);
    require(checkpointBytes >= 0, "checkpointBytes", checkpointBytes);
    require(weightBytes >= 0, "weightBytes", weightBytes);
    require(loadSeconds >= 0, "loadSeconds", loadSeconds);
    require(readBandwidth >= 0, "readBandwidth", readBandwidth);
    require(
        !passages.isEmpty() && passages.size() <= MOST_PASSAGES,
        "the number of passages",
        passages.size());
  }

  /**
   * One sequence: a prompt, and what follows it.
   *
   * @param cacheBytes bytes of keys and values at its end
   * @param promptTokensPerSecond while the prompt is computed
   * @param newTokensPerSecond while the rest is written
   */
  public record Passage(
      int promptTokens,
      int newTokens,
      long cacheBytes,
      double promptTokensPerSecond,
      double newTokensPerSecond) {
    public Passage {
      require(promptTokens > 0, "promptTokens", promptTokens);
      require(newTokens > 0, "newTokens", newTokens);
      require(cacheBytes >= 0, "cacheBytes", cacheBytes);
      require(promptTokensPerSecond > 0, "promptTokensPerSecond", promptTokensPerSecond);
      require(newTokensPerSecond > 0, "newTokensPerSecond", newTokensPerSecond);
    }

    /**
     * What was measured of a plan of one sequence.
     *
     * @param newTokens of the plan
     */
    static Passage of(SpeedReport report, int newTokens) {
      return new Passage(
          report.prefill().tokens(),
          newTokens,
          report.cacheBytes(),
          report.prefill().tokensPerSecond(),
          report.decodes().getFirst().tokensPerSecond());
    }
  }

  private static void require(boolean possible, String what, Number found) {
    if (!possible || !Double.isFinite(found.doubleValue())) {
      throw new IllegalArgumentException("%s cannot be %s".formatted(what, found));
    }
  }

  /** One measurement of a plan of one sequence, with the tokens that it wrote. */
  public record Measured(SpeedReport report, int newTokens) {}

  /**
   * Of several measurements of one model.
   *
   * @param measured at least one; memory and loading are those of the first
   */
  public static ModelBench of(String reference, ModelIdentity model, List<Measured> measured) {
    SpeedReport first = measured.getFirst().report();
    var identity = new TreeMap<String, String>();
    identity.put("engine", model.engine());
    identity.put("weightFormat", first.weightFormat());
    model.weightsSha256().ifPresent(sum -> identity.put(WEIGHTS, sum));
    model.configSha256().ifPresent(sum -> identity.put(CONFIG, sum));
    return new ModelBench(
        Version.program(),
        reference,
        identity,
        first.threads(),
        first.checkpointBytes(),
        first.weightBytes(),
        first.loadTime().toNanos() / 1e9,
        first.readBandwidth(),
        measured.stream().map(each -> Passage.of(each.report(), each.newTokens())).toList());
  }

  /** Whether a model's identity is that of the one that was measured, whatever engine ran it. */
  public boolean isOf(SortedMap<String, String> model) {
    return List.of(WEIGHTS, CONFIG).stream()
        .allMatch(
            field -> identity.containsKey(field) && identity.get(field).equals(model.get(field)));
  }

  /** Writes the file whole or not at all. */
  public void write(Path file) {
    Disk.writePage(file, this);
  }

  /**
   * Reads such a file.
   *
   * @throws EvaluationException if it is none, damaged, changed, or newer than this program
   */
  public static ModelBench read(Path file) {
    return Disk.readPage(file, ModelBench.class);
  }
}
