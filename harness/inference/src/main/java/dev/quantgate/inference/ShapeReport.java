package dev.quantgate.inference;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

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
   */
  public record Column(
      String weights,
      long weightBytes,
      long memoryBytes,
      Optional<String> refused,
      List<Prefill> prefills,
      List<Decode> passages,
      List<Decode> batches) {
    public Column {
      prefills = List.copyOf(prefills);
      passages = List.copyOf(passages);
      batches = List.copyOf(batches);
    }
  }

  /** One prompt; {@code flops} is floating-point operations a second. */
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
