package dev.quantgate.cli;

import dev.quantgate.benchmarks.BenchmarkData;
import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.evaluation.record.ModelBench;
import dev.quantgate.evaluation.settings.Setting;
import dev.quantgate.evaluation.settings.Settings;
import dev.quantgate.inference.EngineProvider;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.ModelIdentity;
import dev.quantgate.inference.ModelReference;
import dev.quantgate.inference.ShapePlan;
import dev.quantgate.inference.SpeedPlan;
import dev.quantgate.inference.SpeedReport;
import dev.quantgate.reports.Figures;
import dev.quantgate.reports.SandboxTables;
import dev.quantgate.reports.SpeedTables;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.SandboxBenchmark;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
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

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description =
          "write memory and speed of --model there as JSON: of one sequence of 2048 tokens in and 1024"
              + " out, and of 1024 and 2048, or of --prompt and --generate; called bench*.json beside a"
              + " comparison.json it is part of its report")
  @Nullable Path out;

  @Override
  public Integer call() throws Exception {
    var parsed = spec.commandLine().getParseResult();
    Settings settings = SettingFlags.resolve(spec);
    boolean sandbox = parsed.hasMatchedOption("--sandbox") && !parsed.hasMatchedOption("--model");
    SpeedPlan plan = Failures.checked(spec, () -> new SpeedPlan(prompt, generate, batches, rounds));
    PrintWriter printer = spec.commandLine().getOut();
    boolean model = !sandbox && shape == null && settings.isSaid(Setting.MODEL);
    if (out != null && !model) {
      throw new ParameterException(
          spec.commandLine(), "--out FILE holds what is measured of a model; missing: --model DIR");
    }
    String engine = settings.text(Setting.ENGINE).orElseThrow();
    String wanted = shape;
    if (!sandbox && wanted != null) {
      EngineProvider provider = Engines.find(engine);
      ShapePlan measured = Failures.checked(spec, this::shapePlan);
      printer.print(
          SpeedTables.render(
              Interruption.guard(
                  () -> provider.measureShape(wanted, settings.engineOptions(), measured))));
      return 0;
    }
    if (model) {
      EngineCheck.check(spec, settings, common.quiet);
      measure(settings, plan, printer);
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
      printer.print(SandboxTables.render(report));
      return 0;
    }
    throw new ParameterException(
        spec.commandLine(), "missing: --model DIR, --shape SHAPE or --sandbox KIND");
  }

  private void measure(Settings settings, SpeedPlan plan, PrintWriter printer) throws Exception {
    ModelReference model = ModelReference.parse(settings.text(Setting.MODEL).orElseThrow());
    EngineProvider engine = Engines.find(settings.text(Setting.ENGINE).orElseThrow(), model);
    Path file = out;
    if (file == null) {
      printer.print(
          SpeedTables.render(
              Interruption.guard(() -> engine.measure(model, settings.engineOptions(), plan))));
      return;
    }
    if (spec.commandLine().getParseResult().hasMatchedOption("--batch")) {
      throw new ParameterException(
          spec.commandLine(), "--batch is not for --out FILE, which holds figures of one sequence");
    }
    ModelIdentity identity =
        engine
            .identify(model)
            .orElseThrow(() ->
                new ParameterException(
                    spec.commandLine(),
                    "engine %s cannot tell what %s is; --out FILE needs a checkpoint's folder"
                        .formatted(engine.kind(), model)));
    List<ModelBench.Measured> measured = new ArrayList<>();
    for (SpeedPlan passage : passages()) {
      SpeedReport report =
          Interruption.guard(() -> engine.measure(model, settings.engineOptions(), passage));
      printer.println(SpeedTables.render(report));
      measured.add(new ModelBench.Measured(report, passage.newTokens()));
    }
    ModelBench.of(model.toString(), identity, measured).write(file);
    printer.println("Measurement: %s".formatted(file));
  }

  /** One sequence each: what was asked for, or the usual two. */
  private List<SpeedPlan> passages() {
    var parsed = spec.commandLine().getParseResult();
    return Stream.of("--prompt", "--generate").anyMatch(parsed::hasMatchedOption)
        ? List.of(new SpeedPlan(prompt, generate, List.of(1), rounds))
        : ShapePlan.usual().passages().stream()
            .map(each -> new SpeedPlan(each.promptTokens(), each.newTokens(), List.of(1), rounds))
            .toList();
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
