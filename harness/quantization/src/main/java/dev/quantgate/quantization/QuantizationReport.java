package dev.quantgate.quantization;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.time.Duration;
import java.util.List;
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
}
