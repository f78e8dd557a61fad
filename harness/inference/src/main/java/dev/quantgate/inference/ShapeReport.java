package dev.quantgate.inference;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * How fast a device runs models of a shape in some weight formats, beside what it gives.
 *
 * @param shape its name
 * @param device for people
 * @param readBandwidth bytes a second of a plain read stream, measured in the same run
 * @param matrixRate floating-point operations a second of the largest matrix product, likewise
 * @param peer the same of the vendor's library, to compare with
 */
public record ShapeReport(
    String shape,
    String device,
    double readBandwidth,
    double matrixRate,
    Peer peer,
    List<Column> columns) {
  public ShapeReport {
    columns = List.copyOf(columns);
  }

  /**
   * A library that is compared with and used for nothing else.
   *
   * @param note its name and version; or why there is no figure of it
   * @param matrixRate floating-point operations a second of the same product
   */
  public record Peer(String note, OptionalDouble matrixRate) {}

  /**
   * One weight format.
   *
   * @param weights its name
   * @param weightBytes that the weights take, or would
   * @param memoryBytes taken in all: weights, what steps work in, keys and values
   * @param refused why it was not measured; empty where it was
   * @param texts short texts whose every position is read, as many as a step takes; empty where
   *     nothing was measured
   */
  public record Column(
      String weights,
      long weightBytes,
      long memoryBytes,
      Optional<String> refused,
      List<Prefill> prefills,
      Optional<Prefill> texts,
      List<Decode> passages,
      List<Decode> batches) {
    public Column {
      prefills = List.copyOf(prefills);
      passages = List.copyOf(passages);
      batches = List.copyOf(batches);
    }

    /**
     * What benchmarks' times are computed from: the longest prompt, the texts, the largest batch
     * that HumanEval's answers fill, and the slowest single sequence; empty where one of them was
     * not measured.
     */
    public Optional<SuiteTokens.Rates> rates() {
      Optional<Prefill> longest = prefills.stream().max(Comparator.comparingInt(Prefill::tokens));
      Optional<Decode> largest =
          batches.stream()
              .filter(each -> each.context() > 0 && each.batch() <= SuiteTokens.ANSWERS)
              .max(Comparator.comparingInt(Decode::batch));
      OptionalDouble alone =
          Stream.concat(passages.stream(), batches.stream())
              .filter(each -> each.context() > 0 && each.batch() == 1)
              .mapToDouble(Decode::tokensPerSecond)
              .min();
      return longest.isEmpty() || texts.isEmpty() || largest.isEmpty() || alone.isEmpty()
          ? Optional.empty()
          : Optional.of(
              new SuiteTokens.Rates(
                  longest.get().tokensPerSecond(),
                  texts.get().tokensPerSecond(),
                  largest.get().tokensPerSecond(),
                  alone.getAsDouble()));
    }
  }

  /** A prompt, or each of some texts; {@code flops} is floating-point operations a second. */
  public record Prefill(int tokens, double tokensPerSecond, double flops) {}

  /**
   * Sequences continued together.
   *
   * @param context positions behind each as it began; 0 where not even a short one fits
   * @param tokens that each was continued by
   * @param tokensPerSecond of all sequences together
   * @param bandwidth bytes of weights, keys and values read a second
   */
  public record Decode(
      int batch, int context, int tokens, double tokensPerSecond, double bandwidth) {}
}
