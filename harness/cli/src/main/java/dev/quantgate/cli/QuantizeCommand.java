package dev.quantgate.cli;

import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.settings.Setting;
import dev.quantgate.evaluation.settings.Settings;
import dev.quantgate.inference.Decoding;
import dev.quantgate.quantization.ActOrder;
import dev.quantgate.quantization.Calibration;
import dev.quantgate.quantization.ClipSearch;
import dev.quantgate.quantization.GptqFormat;
import dev.quantgate.quantization.QuantizationMethod;
import dev.quantgate.quantization.QuantizationReport;
import dev.quantgate.quantization.QuantizationRequest;
import dev.quantgate.quantization.Scheme;
import dev.quantgate.quantization.job.Quantizer;
import dev.quantgate.reports.QuantizationTables;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Makes the int4 candidate. */
@Command(
    name = "quantize",
    description = "Makes an int4 checkpoint by GPTQ or round-to-nearest.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Example, calibrated on what the model itself answers:",
      "  quantgate quantize --model model-fp16 --out model-int4 --group-size 64 \\",
      "    --align questions.jsonl",
      "An interrupted job is continued by the same command."
    })
final class QuantizeCommand implements Callable<Integer> {
  /** Flags about what the model answers to questions. */
  private static final List<String> ANSWERS =
      List.of("--answer-tokens", "--answer-temperature", "--answer-seed");

  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin Common common = new Common();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "folder of the new checkpoint; must be given")
  @Nullable Path out;

  @Option(
      names = "--method",
      paramLabel = "METHOD",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
  QuantizationMethod method = QuantizationMethod.GPTQ;

  @Option(
      names = "--bits",
      paramLabel = "N",
      description = "bits of a code (default: ${DEFAULT-VALUE})")
  int bits = 4;

  @Option(
      names = "--group-size",
      paramLabel = "N",
      description =
          "inputs that share a scale: 32, 64, 128, or -1 for all (default: ${DEFAULT-VALUE})")
  int groupSize = 128;

  @Option(names = "--asymmetric", description = "find a zero point for each group")
  boolean asymmetric;

  @ArgGroup(exclusive = true)
  Text text = new Text();

  @Option(
      names = "--sequences",
      paramLabel = "N",
      description = "calibration sequences (default: ${DEFAULT-VALUE})")
  int sequences = QuantizationRequest.DEFAULT_SEQUENCES;

  @Option(
      names = "--length",
      paramLabel = "N",
      description = "tokens of a sequence (default: ${DEFAULT-VALUE})")
  int length = QuantizationRequest.DEFAULT_LENGTH;

  @Option(
      names = "--answer-tokens",
      paramLabel = "N",
      description = "most tokens of an answer to --align (default: ${DEFAULT-VALUE})")
  int answerTokens = 512;

  @Option(
      names = "--answer-temperature",
      paramLabel = "T",
      description = "of the answers to --align; 0 is greedy (default: ${DEFAULT-VALUE})")
  double answerTemperature;

  @Option(
      names = "--answer-seed",
      paramLabel = "N",
      description = "seed of the answers to --align (default: ${DEFAULT-VALUE})")
  long answerSeed;

  @Option(
      names = "--act-order",
      paramLabel = "ORDER",
      description =
          "order of a layer's inputs: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
  ActOrder actOrder = ActOrder.GROUP_AWARE;

  @Option(
      names = "--clip",
      paramLabel = "SEARCH",
      description =
          "search for each group's range: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
  ClipSearch clip = ClipSearch.FULL;

  @Option(
      names = "--damping",
      paramLabel = "SHARE",
      description = "share of the Hessian's mean diagonal (default: ${DEFAULT-VALUE})")
  double damping = 0.01;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description =
          "checkpoint format: ${COMPLETION-CANDIDATES} (default: V1, which every engine reads; V2"
              + " with --asymmetric)")
  @Nullable GptqFormat format;

  @Option(
      names = "--shard-bytes",
      paramLabel = "BYTES",
      description = "most bytes of tensors in a file (default: ${DEFAULT-VALUE})")
  long shardBytes = QuantizationRequest.DEFAULT_SHARD_BYTES;

  /** Where the calibration text comes from. */
  static final class Text {
    @Option(
        names = "--align",
        paramLabel = "QUESTIONS",
        description = "questions the model answers: calibrates on both")
    @Nullable Path align;

    @Option(
        names = "--calibration",
        paramLabel = "FILE",
        description = "text or JSON Lines to calibrate on")
    @Nullable Path calibration;
  }

  @Override
  public Integer call() throws Exception {
    Settings settings = SettingFlags.resolve(spec);
    Path model =
        Path.of(Failures.required(spec, "--model DIR", settings.text(Setting.MODEL).orElse(null)));
    Path folder = Failures.required(spec, "--out DIR", out);
    refuseIdle();
    QuantizationRequest request =
        Failures.checked(
            spec,
            () -> {
              QuantizationRequest asked =
                  QuantizationRequest.of(
                          model,
                          folder,
                          method,
                          new Scheme(bits, groupSize, !asymmetric),
                          calibration())
                      .withActOrder(actOrder)
                      .withClip(clip)
                      .withDamping(damping)
                      .withShardBytes(shardBytes)
                      .withEngine(
                          settings.text(Setting.ENGINE).orElseThrow(), settings.engineOptions());
              return format == null ? asked : asked.withFormat(format);
            });
    request
        .warning()
        .ifPresent(warning ->
            spec.commandLine().getErr().println("warning: %s".formatted(PlainText.lines(warning))));
    EngineCheck.check(spec, settings, common.quiet);
    try (var progress = new TerminalProgress(common.quiet)) {
      QuantizationReport report =
          Interruption.guard(() -> Quantizer.quantize(request, new QuantizationProgress(progress)));
      progress.close();
      spec.commandLine().getOut().print(QuantizationTables.render(report));
      spec.commandLine()
          .getOut()
          .println("Checkpoint: %s".formatted(PlainText.line(folder.toString())));
      return 0;
    }
  }

  /** Refuses what was typed and has no part in this. */
  private void refuseIdle() {
    if (method == QuantizationMethod.RTN) {
      Failures.refuseTyped(
          spec,
          "is for --method gptq alone: rtn rounds each weight by itself",
          Stream.concat(
                  Stream.of(
                      "--align",
                      "--calibration",
                      "--sequences",
                      "--length",
                      "--act-order",
                      "--clip",
                      "--damping"),
                  ANSWERS.stream())
              .toList());
    } else if (text.align == null) {
      Failures.refuseTyped(spec, "is for --align QUESTIONS alone", ANSWERS);
    }
  }

  private Calibration calibration() {
    Path align = text.align;
    Path file = text.calibration;
    if (method == QuantizationMethod.RTN) {
      return new Calibration.None();
    }
    if (align != null) {
      return new Calibration.Aligned(
          align,
          sequences,
          length,
          new Decoding(answerTokens, answerTemperature, 1, List.of(), true),
          answerSeed);
    }
    if (file != null) {
      return new Calibration.TextFile(file, sequences, length);
    }
    throw new ParameterException(
        spec.commandLine(),
        "missing: --align QUESTIONS or --calibration FILE (or --method rtn, which needs none)");
  }
}
