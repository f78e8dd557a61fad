package dev.quantgate.cli;

import dev.quantgate.benchmarks.BenchmarkData;
import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.evaluation.settings.Setting;
import dev.quantgate.evaluation.settings.Settings;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.ModelReference;
import dev.quantgate.inference.SpeedPlan;
import dev.quantgate.inference.SpeedReport;
import dev.quantgate.reports.Figures;
import dev.quantgate.reports.TextTable;
import dev.quantgate.reports.TextTable.Align;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.SandboxBenchmark;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Memory and speed of a model, or of a sandbox. */
@Command(
    name = "bench",
    description = "Measures memory and speed of a model, or of a sandbox.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class BenchCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin Common common = new Common();

  @Option(names = "--prompt", description = "tokens of the prompt (default: ${DEFAULT-VALUE})")
  int prompt = 1024;

  @Option(names = "--generate", description = "tokens generated (default: ${DEFAULT-VALUE})")
  int generate = 64;

  @Option(
      names = "--batch",
      split = ",",
      description = "sequences decoded together (default: ${DEFAULT-VALUE})")
  List<Integer> batches = List.of(1, 8, 16);

  @Option(
      names = "--rounds",
      description = "measurements of each, the best counts (default: ${DEFAULT-VALUE})")
  int rounds = 3;

  @Override
  public Integer call() throws Exception {
    var parsed = spec.commandLine().getParseResult();
    Settings settings = SettingFlags.resolve(spec);
    boolean sandbox = parsed.hasMatchedOption("--sandbox") && !parsed.hasMatchedOption("--model");
    SpeedPlan plan = Failures.checked(spec, () -> new SpeedPlan(prompt, generate, batches, rounds));
    PrintWriter out = spec.commandLine().getOut();
    if (!sandbox && settings.isSaid(Setting.MODEL)) {
      ModelReference model = ModelReference.parse(settings.text(Setting.MODEL).orElseThrow());
      out.print(
          render(
              Interruption.guard(() ->
                  Engines.find(settings.text(Setting.ENGINE).orElseThrow(), model)
                      .measure(model, settings.engineOptions(), plan))));
      return 0;
    }
    if (sandbox) {
      var progress = new TerminalProgress(common.quiet);
      List<ExecutionJob> programs = programs(settings);
      var report =
          Interruption.guard(() ->
              SandboxBenchmark.run(
                  settings.text(Setting.SANDBOX).orElseThrow(),
                  settings.sandboxOptions(),
                  programs,
                  rounds,
                  round -> progress.say(Figures.rate(round.perSecond()) + " programs a second")));
      out.print(report.table());
      return 0;
    }
    throw new ParameterException(spec.commandLine(), "missing: --model DIR or --sandbox KIND");
  }

  /** The canonical solutions of HumanEval where its data is at hand, else of starter-code. */
  private static List<ExecutionJob> programs(Settings settings) {
    SuiteData.Code code =
        settings.data().isPresent()
            ? BenchmarkData.humaneval(new DataOptions(settings.data(), false))
            : BenchmarkData.starterCode();
    return code.problems().stream()
        .map(problem ->
            new ExecutionJob(
                problem.id(),
                "",
                problem.prompt(),
                problem.canonicalSolution(),
                problem.test(),
                problem.entryPoint()))
        .toList();
  }

  private static String render(SpeedReport report) {
    var table =
        new TextTable(Align.LEFT, Align.RIGHT, Align.RIGHT, Align.RIGHT, Align.RIGHT, Align.RIGHT);
    table.row("", "context", "tokens/s", "GFLOP/s", "MB/token", "of read bandwidth").rule();
    table.row(
        "prefill",
        Figures.count(report.prefill().tokens()),
        Figures.rate(report.prefill().tokensPerSecond()),
        Figures.rate(report.prefill().flops() / 1e9),
        "-",
        "-");
    for (SpeedReport.Decode decode : report.decodes()) {
      table.row(
          "decode, batch " + decode.batch(),
          Figures.count(decode.context()),
          Figures.rate(decode.tokensPerSecond()),
          Figures.rate(decode.flops() / 1e9),
          Figures.rate(decode.bytesPerToken() / 1e6),
          Figures.percent(decode.bandwidthShare()));
    }
    return "weights: "
        + report.weightFormat()
        + ", "
        + Figures.bytes(report.checkpointBytes())
        + " in files, "
        + Figures.bytes(report.weightBytes())
        + " in memory, loaded in "
        + Figures.duration(report.loadTime())
        + "\nthreads: "
        + report.threads()
        + "; plain reading from memory, measured in this run: "
        + Figures.rate(report.readBandwidth() / 1e9)
        + " GB/s\n\n"
        + table.render();
  }
}
