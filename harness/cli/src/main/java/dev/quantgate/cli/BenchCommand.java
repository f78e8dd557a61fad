package dev.quantgate.cli;

import dev.quantgate.benchmarks.BenchmarkData;
import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.evaluation.settings.Setting;
import dev.quantgate.evaluation.settings.Settings;
import dev.quantgate.inference.EngineProvider;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.ModelReference;
import dev.quantgate.inference.ShapePlan;
import dev.quantgate.inference.SpeedPlan;
import dev.quantgate.reports.Figures;
import dev.quantgate.reports.SandboxTables;
import dev.quantgate.reports.SpeedTables;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.SandboxBenchmark;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
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

  @Option(
      names = "--shape",
      paramLabel = "SHAPE",
      description =
          "measure this shape in int4 and fp16, weights made up on the device: codellama-34b, llama-7b,"
              + " qwen2.5-7b, or a folder with a config.json; by default 2048 tokens in and 1024 out,"
              + " 1024 and 2048, batches of 1, 16, 64 and 256")
  @Nullable String shape;

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
    String engine = settings.text(Setting.ENGINE).orElseThrow();
    String wanted = shape;
    if (!sandbox && wanted != null) {
      EngineProvider provider = Engines.find(engine);
      ShapePlan measured = Failures.checked(spec, this::shapePlan);
      out.print(
          SpeedTables.render(
              Interruption.guard(
                  () -> provider.measureShape(wanted, settings.engineOptions(), measured))));
      return 0;
    }
    if (!sandbox && settings.isSaid(Setting.MODEL)) {
      EngineCheck.check(spec, settings, common.quiet);
      ModelReference model = ModelReference.parse(settings.text(Setting.MODEL).orElseThrow());
      out.print(
          SpeedTables.render(
              Interruption.guard(() ->
                  Engines.find(engine, model).measure(model, settings.engineOptions(), plan))));
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
                  round ->
                      progress.say(
                          "%s programs a second".formatted(Figures.rate(round.perSecond())))));
      out.print(SandboxTables.render(report));
      return 0;
    }
    throw new ParameterException(
        spec.commandLine(), "missing: --model DIR, --shape SHAPE or --sandbox KIND");
  }

  private ShapePlan shapePlan() {
    var parsed = spec.commandLine().getParseResult();
    boolean said =
        Stream.of("--prompt", "--generate", "--batch").anyMatch(parsed::hasMatchedOption);
    return said ? ShapePlan.of(prompt, generate, batches, rounds) : ShapePlan.usual();
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
}
