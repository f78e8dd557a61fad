package dev.quantgate.quantization;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * What was done to a model. Written as {@code quantization-report.json} without its times, which
 * are in {@code quantization-timings.json}, so that the same job gives the same report byte for
 * byte. Its JSON Schema is the resource {@code quantization-report.schema.json} of this package.
 *
 * @param program name and version of what made it
 * @param source the source's weights
 * @param settings what was asked for, defaults included
 * @param calibrationSequences sequences that the model was calibrated on; 0 for none
 * @param calibrationTokens their tokens
 * @param calibrationSha256 over their ids as JSON; empty for none
 * @param bytesBefore bytes of all tensors of the source
 * @param bytesAfter bytes of all tensors written
 * @param layers the linear layers in the order in which they were quantised
 * @param time the whole job's, up to the last resumption's start; not in the file
 */
@JsonPropertyOrder("schemaVersion")
public record QuantizationReport(
    String program,
    Source source,
    Settings settings,
    int calibrationSequences,
    long calibrationTokens,
    String calibrationSha256,
    long bytesBefore,
    long bytesAfter,
    List<Layer> layers,
    @JsonIgnore Duration time) {

  public QuantizationReport {
    layers = List.copyOf(layers);
  }

  /** The version of the file's form. */
  @JsonProperty
  public int schemaVersion() {
    return 1;
  }

  /** What was quantised. */
  public record Source(String format, String weightsSha256, String configSha256) {}

  /** How. */
  public record Settings(
      QuantizationMethod method,
      int bits,
      int groupSize,
      boolean symmetric,
      ActOrder actOrder,
      ClipSearch clip,
      double damping,
      String checkpointFormat) {}

  /**
   * One linear layer. A loss is {@code tr((W - Q) H (W - Q)^T)} with {@code H = 2/n * sum x x^T}
   * over the n calibration tokens, undamped: twice the mean squared error of the layer's output.
   *
   * @param chosen the method whose codes were kept: the one with the lower loss
   * @param rtnLoss round-to-nearest's loss; empty without calibration
   * @param gptqLoss GPTQ's loss; empty where it was not tried
   * @param weightError squared error of the kept weights relative to the squared weights
   * @param damping the damping it was factored with; empty where GPTQ was not tried
   * @param deadInputs inputs that were 0 in all calibration tokens
   * @param note what else is to be said; often empty
   * @param time what the layer took, its stage's Hessian not counted; not in the file
   */
  public record Layer(
      String name,
      int outputs,
      int inputs,
      QuantizationMethod chosen,
      OptionalDouble rtnLoss,
      OptionalDouble gptqLoss,
      double weightError,
      OptionalDouble damping,
      int deadInputs,
      String note,
      @JsonIgnore Duration time) {}

  /** The sum of GPTQ's losses where GPTQ was kept, of round-to-nearest's elsewhere. */
  public double loss() {
    return layers.stream()
        .mapToDouble(layer ->
            (layer.chosen() == QuantizationMethod.GPTQ ? layer.gptqLoss() : layer.rtnLoss())
                .orElse(0))
        .sum();
  }

  /** The report as a table for a terminal. */
  public String table() {
    int width = layers.stream().mapToInt(layer -> layer.name().length()).max().orElse(5);
    StringBuilder text = new StringBuilder();
    String row = "%-" + width + "s %11s  %-6s %11s %11s %9s %7s %7s%n";
    text.append(
        String.format(
            Locale.ROOT,
            row,
            "layer",
            "shape",
            "kept",
            "loss rtn",
            "loss gptq",
            "ratio",
            "damp",
            "time"));
    for (Layer layer : layers) {
      text.append(
          String.format(
              Locale.ROOT,
              row,
              layer.name(),
              layer.outputs() + "x" + layer.inputs(),
              layer.chosen().name().toLowerCase(Locale.ROOT),
              loss(layer.rtnLoss()),
              loss(layer.gptqLoss()),
              layer.rtnLoss().isPresent() && layer.gptqLoss().isPresent()
                  ? String.format(
                      Locale.ROOT,
                      "%.3f",
                      layer.gptqLoss().getAsDouble() / layer.rtnLoss().getAsDouble())
                  : "-",
              layer.damping().isPresent()
                  ? String.format(Locale.ROOT, "%.2f", layer.damping().getAsDouble())
                  : "-",
              String.format(Locale.ROOT, "%.2fs", layer.time().toMillis() / 1000.0)));
      if (!layer.note().isEmpty()) {
        text.append("  ").append(layer.note()).append(System.lineSeparator());
      }
    }
    text.append(
        String.format(
            Locale.ROOT,
            "%s: %.1f MB -> %.1f MB (%.1f %%) in %d s%n",
            new Scheme(settings.bits(), settings.groupSize(), settings.symmetric()),
            bytesBefore / 1e6,
            bytesAfter / 1e6,
            100.0 * bytesAfter / bytesBefore,
            time.toSeconds()));
    return text.toString();
  }

  private static String loss(OptionalDouble value) {
    return value.isPresent() ? String.format(Locale.ROOT, "%.4g", value.getAsDouble()) : "-";
  }
}
