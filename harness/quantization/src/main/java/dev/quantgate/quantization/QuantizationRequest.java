package dev.quantgate.quantization;

import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.Engines;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What is to be quantised, and how. Made by {@link #of} and the {@code with} methods; what is not
 * said has the default that was measured to be the best one (see the module's README).
 *
 * @param model the folder of a 16- or 32-bit checkpoint
 * @param out the folder to be made; must not exist
 * @param damping share of the Hessian's mean diagonal that is added to it; raised by 0.01 until it
 *     can be factored
 * @param format by default {@link GptqFormat#V1} for a symmetric scheme, which every reader knows,
 *     and {@link GptqFormat#V2} for an asymmetric one, whose zero points are read in two ways
 *     otherwise
 * @param shardBytes the most bytes of tensors in a file, but for a single tensor that is larger
 * @param engine the engine that runs the model, or {@link Engines#AUTO}
 * @param engineOptions threads (of the linear algebra too) and memory
 */
public record QuantizationRequest(
    Path model,
    Path out,
    QuantizationMethod method,
    Scheme scheme,
    ActOrder actOrder,
    ClipSearch clip,
    double damping,
    Calibration calibration,
    GptqFormat format,
    long shardBytes,
    String engine,
    EngineOptions engineOptions) {

  /** As Hugging Face shards by default: 5 GB. */
  public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

  /**
   * How many calibration sequences are used, and how long, when nothing is said (the GPTQ paper).
   */
  public static final int DEFAULT_SEQUENCES = 128;

  public static final int DEFAULT_LENGTH = 2048;

  public QuantizationRequest {
    if (format == GptqFormat.V1 && !scheme.symmetric() && scheme.bits() != 4) {
      throw new IllegalArgumentException(
          "format gptq holds asymmetric zero points of 4 bits only, not of %d; use gptq_v2"
              .formatted(scheme.bits()));
    }
    if (!(damping > 0 && damping < 1)) {
      throw new IllegalArgumentException(
          "damping must be above 0 and below 1, not %s".formatted(damping));
    }
    if (shardBytes < 1) {
      throw new IllegalArgumentException(
          "shard bytes must be at least 1, not %d".formatted(shardBytes));
    }
    if (method == QuantizationMethod.GPTQ && calibration instanceof Calibration.None) {
      throw new IllegalArgumentException(
          "gptq needs calibration text: give a file of text, or questions for the model to answer");
    }
  }

  /** Round-to-nearest with the given scheme. */
  public static QuantizationRequest rtn(Path model, Path out, Scheme scheme) {
    return of(model, out, QuantizationMethod.RTN, scheme, new Calibration.None());
  }

  /** GPTQ with the given scheme and calibration. */
  public static QuantizationRequest gptq(
      Path model, Path out, Scheme scheme, Calibration calibration) {
    return of(model, out, QuantizationMethod.GPTQ, scheme, calibration);
  }

  /** A request with defaults for all that is not named. */
  public static QuantizationRequest of(
      Path model, Path out, QuantizationMethod method, Scheme scheme, Calibration calibration) {
    return new QuantizationRequest(
        model,
        out,
        method,
        scheme,
        ActOrder.GROUP_AWARE,
        ClipSearch.FULL,
        0.01,
        calibration,
        scheme.symmetric() ? GptqFormat.V1 : GptqFormat.V2,
        DEFAULT_SHARD_BYTES,
        Engines.AUTO,
        EngineOptions.defaults());
  }

  public QuantizationRequest withActOrder(ActOrder value) {
    return with(parts -> parts.actOrder = value);
  }

  public QuantizationRequest withClip(ClipSearch value) {
    return with(parts -> parts.clip = value);
  }

  public QuantizationRequest withDamping(double value) {
    return with(parts -> parts.damping = value);
  }

  public QuantizationRequest withFormat(GptqFormat value) {
    return with(parts -> parts.format = value);
  }

  public QuantizationRequest withShardBytes(long value) {
    return with(parts -> parts.shardBytes = value);
  }

  public QuantizationRequest withEngine(String value, EngineOptions options) {
    return with(parts -> {
      parts.engine = value;
      parts.engineOptions = options;
    });
  }

  /** What whoever asks for this should know before it runs. */
  public Optional<String> warning() {
    return format == GptqFormat.V1 && !scheme.symmetric()
        ? Optional.of(
            "asymmetric zero points in format gptq: GPTQModel refuses such a file unless it wrote"
                + " it itself; gptq_v2 is read by it")
        : Optional.empty();
  }

  private QuantizationRequest with(Consumer<Parts> change) {
    Parts parts = new Parts(this);
    change.accept(parts);
    return new QuantizationRequest(
        model,
        out,
        method,
        scheme,
        parts.actOrder,
        parts.clip,
        parts.damping,
        calibration,
        parts.format,
        parts.shardBytes,
        parts.engine,
        parts.engineOptions);
  }

  /** What has a default and so can be changed. */
  private static final class Parts {
    private ActOrder actOrder;
    private ClipSearch clip;
    private double damping;
    private GptqFormat format;
    private long shardBytes;
    private String engine;
    private EngineOptions engineOptions;

    Parts(QuantizationRequest request) {
      actOrder = request.actOrder;
      clip = request.clip;
      damping = request.damping;
      format = request.format;
      shardBytes = request.shardBytes;
      engine = request.engine;
      engineOptions = request.engineOptions;
    }
  }
}
