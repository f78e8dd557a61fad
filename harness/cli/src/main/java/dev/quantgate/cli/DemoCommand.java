package dev.quantgate.cli;

import dev.quantgate.base.ErrorKind;
import dev.quantgate.base.FileException;
import dev.quantgate.base.FolderTree;
import dev.quantgate.benchmarks.DataStore;
import dev.quantgate.benchmarks.DemoPair;
import dev.quantgate.benchmarks.SuiteNames;
import dev.quantgate.evaluation.QuantGate;
import dev.quantgate.evaluation.RunRequest;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.record.OutFolder;
import dev.quantgate.evaluation.settings.Setting;
import dev.quantgate.evaluation.settings.Settings;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Engines;
import dev.quantgate.quantization.Calibration;
import dev.quantgate.quantization.QuantizationRequest;
import dev.quantgate.quantization.Scheme;
import dev.quantgate.quantization.job.Quantizer;
import dev.quantgate.reports.TerminalReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The whole story on one machine, with nothing to download: the bundled model, quantised and
 * judged.
 */
@Command(
    name = "demo",
    description = "Quantises the bundled model and judges it on the bundled suites.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Exits 0 once it has judged, PASS or FAIL, and 2 where it could not; run gives",
      "the verdict's exit code."
    })
final class DemoCommand implements Callable<Integer> {
  private static final String MODELS = "models";
  private static final int GROUP_SIZE = 64;
  private static final int CALIBRATION_SEQUENCES = 128;
  private static final int CALIBRATION_LENGTH = 256;
  private static final int ANSWER_TOKENS = 128;

  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin Common common = new Common();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "folder of the run (default: ${DEFAULT-VALUE})")
  Path out = Path.of("quantgate-out-demo");

  @Option(
      names = "--candidate",
      paramLabel = "WAY",
      description =
          "how the candidate is made: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
  Candidate candidate = Candidate.GPTQ;

  /** Ways to make the candidate, the better one first. */
  enum Candidate {
    GPTQ,
    RTN
  }

  @Override
  public Integer call() throws Exception {
    DemoPair pair = DemoPair.unpack(DataStore.standard().folder().resolve("demo"));
    String made = candidate.name().toLowerCase(Locale.ROOT);
    Path int4 = out.resolve(MODELS).resolve("int4-" + made);
    Settings settings =
        SettingFlags.resolve(
            spec,
            Map.of(
                Setting.BASELINE, pair.fp16().toString(),
                Setting.CANDIDATE, int4.toString(),
                Setting.SUITES,
                    String.join(
                        ",",
                        SuiteNames.STARTER_CODE,
                        SuiteNames.STARTER_NLI,
                        SuiteNames.STARTER_EXAM),
                Setting.OUT, out.resolve("run-" + made).toString()));
    RunRequest run = settings.runRequest();
    requireUsable(run.out());
    try (var progress = new TerminalProgress(common.quiet)) {
      if (!Files.exists(int4)) {
        Files.createDirectories(int4.getParent());
        // Whatever engine asks the questions, the candidate is made by the best there is.
        QuantizationRequest request =
            request(pair, int4).withEngine(Engines.AUTO, settings.engineOptions());
        Interruption.guard(() -> Quantizer.quantize(request, new QuantizationProgress(progress)));
      }
      Comparison comparison =
          Interruption.guard(() -> new QuantGate().run(run, progress.listener()));
      progress.close();
      spec.commandLine()
          .getOut()
          .print(TerminalReport.render(comparison, run.out(), Terminal.ink()));
      spec.commandLine().getOut().println(VerifyCommand.said(run.out(), comparison));
      ReportFiles.writeAll(spec, run.out());
      return exitCode(comparison.verdict());
    }
  }

  /** The folder of a demo holds its models and runs; nothing is put beside anything else. */
  private void requireUsable(Path run) {
    FolderTree.requireNoLink(out, out.resolve(MODELS));
    FolderTree.requireNoLink(out, run);
    new OutFolder(run).requireUsable();
    try (Stream<Path> listed = Files.exists(out) ? Files.list(out) : Stream.empty()) {
      listed
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> !name.equals(MODELS) && !name.startsWith("run-"))
          .min(Comparator.naturalOrder())
          .ifPresent(name -> {
            throw new FileException(
                ErrorKind.USER,
                "%s: is neither empty nor of a demo, it holds %s; give another --out"
                    .formatted(out, name));
          });
    } catch (IOException e) {
      throw FileException.cannot("listed", out, e);
    }
  }

  /** A candidate that fails is what the demo may show; one that was not judged is not. */
  static int exitCode(Verdict verdict) {
    return verdict == Verdict.INVALID ? verdict.exitCode() : 0;
  }

  private QuantizationRequest request(DemoPair pair, Path int4) {
    var scheme = new Scheme(4, GROUP_SIZE, true);
    return switch (candidate) {
      case RTN -> QuantizationRequest.rtn(pair.fp16(), int4, scheme);
      case GPTQ ->
          QuantizationRequest.gptq(
              pair.fp16(),
              int4,
              scheme,
              new Calibration.Aligned(
                  pair.alignQuestions(),
                  CALIBRATION_SEQUENCES,
                  CALIBRATION_LENGTH,
                  Decoding.greedy(ANSWER_TOKENS, List.of()),
                  0));
    };
  }
}
