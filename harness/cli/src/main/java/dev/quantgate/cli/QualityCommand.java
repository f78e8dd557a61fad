package dev.quantgate.cli;

import dev.quantgate.base.AtomicFile;
import dev.quantgate.evaluation.settings.Setting;
import dev.quantgate.evaluation.settings.Settings;
import dev.quantgate.quantization.quality.ModelDistance;
import dev.quantgate.quantization.quality.QualityTable;
import dev.quantgate.reports.QuantizationTables;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** How near candidates are to a baseline on held-out text. A diagnostic, never the gate. */
@Command(
    name = "quality",
    description = "Perplexity, divergence and agreement of checkpoints on a text.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class QualityCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin Common common = new Common();

  @Option(names = "--text", paramLabel = "FILE", description = "held-out plain text; must be given")
  @Nullable Path text;

  @Option(
      names = "--window",
      paramLabel = "N",
      description = "tokens of a window (default: ${DEFAULT-VALUE})")
  int window = 512;

  @Option(
      names = "--windows",
      paramLabel = "N",
      description =
          "most windows, taken at even distances over the text; the output says which (default:"
              + " ${DEFAULT-VALUE})")
  int windows = 64;

  @Option(names = "--out", paramLabel = "FILE", description = "write all of it there as JSON, too")
  @Nullable Path out;

  @Parameters(
      index = "0",
      paramLabel = "BASELINE",
      description = "checkpoint folder that others are compared with")
  Path baseline = Path.of("");

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "CANDIDATE",
      description = "checkpoint folders")
  List<Path> candidates = List.of();

  @Override
  public Integer call() throws Exception {
    Path heldOut = Failures.required(spec, "--text FILE", text);
    atLeast(2, "--window", window);
    atLeast(1, "--windows", windows);
    if (out != null) {
      AtomicFile.requireWritable(out);
    }
    Settings settings = SettingFlags.resolve(spec);
    EngineCheck.check(spec, settings, common.quiet);
    try (var progress = new TerminalProgress(common.quiet)) {
      QualityTable table =
          Interruption.guard(() ->
              ModelDistance.measure(
                  baseline,
                  candidates,
                  heldOut,
                  window,
                  windows,
                  settings.text(Setting.ENGINE).orElseThrow(),
                  settings.engineOptions(),
                  new QuantizationProgress(progress)));
      progress.close();
      spec.commandLine().getOut().print(QuantizationTables.render(table));
      if (out != null) {
        table.write(out);
      }
      return 0;
    }
  }

  private void atLeast(int least, String flag, int found) {
    if (found < least) {
      throw new ParameterException(
          spec.commandLine(),
          "%s: expected a whole number of at least %d, found %d".formatted(flag, least, found));
    }
  }
}
