package dev.quantgate.cli;

import dev.quantgate.base.AtomicFile;
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
import java.util.Objects;
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

  @Option(
      names = "--prompt",
      paramLabel = "N",
      description = "tokens of the prompt (default: ${DEFAULT-VALUE})")
  int prompt = 1024;

  @Option(
      names = "--generate",
      paramLabel = "N",
      description = "tokens generated (default: ${DEFAULT-VALUE})")
  int generate = 64;

  @Option(
      names = "--batch",
      split = ",",
      paramLabel = "N",
      description = "sequences decoded together, separated by commas (default: 1,8,16)")
  List<Integer> batches = List.of(1, 8, 16);

  @Option(
      names = "--rounds",
      paramLabel = "N",
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

  /** What is measured: each by a flag of its own. */
  private enum Target {
    MODEL("--model"),
    SHAPE("--shape"),
    SANDBOX("--sandbox");

    private final String flag;

    Target(String flag) {
      this.flag = flag;
    }
  }

  @Override
  public Integer call() throws Exception {
    Settings settings = SettingFlags.resolve(spec);
    Target target = target(settings);
    refuseIdle(target);
    SpeedPlan plan = Failures.checked(spec, () -> new SpeedPlan(prompt, generate, batches, rounds));
    PrintWriter printer = spec.commandLine().getOut();
    switch (target) {
      case MODEL -> {
        EngineCheck.check(spec, settings, common.quiet);
        measure(settings, plan, printer);
      }
      case SHAPE -> {
        EngineProvider provider = Engines.find(settings.text(Setting.ENGINE).orElseThrow());
        ShapePlan measured = Failures.checked(spec, this::shapePlan);
        String wanted = Objects.requireNonNull(shape);
        printer.print(
            SpeedTables.render(
                Interruption.guard(
                    () -> provider.measureShape(wanted, settings.engineOptions(), measured))));
      }
      case SANDBOX -> measureSandbox(settings, printer);
    }
    return 0;
  }

  /** The one that is typed; else what the environment or a file says. */
  private Target target(Settings settings) {
    var parsed = spec.commandLine().getParseResult();
    List<Target> typed =
        Stream.of(Target.values()).filter(each -> parsed.hasMatchedOption(each.flag)).toList();
    if (typed.size() > 1) {
      throw new ParameterException(
          spec.commandLine(),
          "expected one of --model, --shape and --sandbox, found %s and %s"
              .formatted(typed.get(0).flag, typed.get(1).flag));
    }
    if (!typed.isEmpty()) {
      return typed.getFirst();
    }
    if (shape != null) {
      return Target.SHAPE;
    }
    if (settings.isSaid(Setting.MODEL)) {
      return Target.MODEL;
    }
    throw new ParameterException(
        spec.commandLine(), "missing: --model DIR, --shape SHAPE or --sandbox KIND");
  }

  /** Refuses what was typed and has no part in this measurement. */
  private void refuseIdle(Target target) {
    List<String> ofSandboxes =
        Stream.concat(
                Stream.of(Setting.DATA),
                SettingFlags.SANDBOX.stream().filter(setting -> setting != Setting.SANDBOX))
            .sorted()
            .map(setting -> "--%s".formatted(setting.key()))
            .toList();
    switch (target) {
      case MODEL -> {
        Failures.refuseTyped(spec, "is for --sandbox KIND, and a model is measured", ofSandboxes);
        if (out != null) {
          AtomicFile.requireWritable(out);
          Failures.refuseTyped(
              spec,
              "is not for --out FILE, which holds figures of one sequence",
              List.of("--batch"));
        }
      }
      case SHAPE -> {
        Failures.refuseTyped(spec, "is for --model DIR, and a shape is measured", List.of("--out"));
        Failures.refuseTyped(spec, "is for --sandbox KIND, and a shape is measured", ofSandboxes);
      }
      case SANDBOX ->
          Failures.refuseTyped(
              spec,
              "is for a model, and a sandbox is measured",
              List.of(
                  "--prompt",
                  "--generate",
                  "--batch",
                  "--out",
                  "--engine",
                  "--threads",
                  "--memory",
                  "--device",
                  "--gpu-memory"));
    }
  }

  private void measureSandbox(Settings settings, PrintWriter printer) throws Exception {
    try (var progress = new TerminalProgress(common.quiet)) {
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
    }
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
    return isSaid("--prompt", "--generate")
        ? List.of(new SpeedPlan(prompt, generate, List.of(1), rounds))
        : ShapePlan.usual().passages().stream()
            .map(each -> new SpeedPlan(each.promptTokens(), each.newTokens(), List.of(1), rounds))
            .toList();
  }

  private ShapePlan shapePlan() {
    if (isSaid("--prompt", "--generate", "--batch")) {
      return ShapePlan.of(prompt, generate, batches, rounds);
    }
    ShapePlan usual = ShapePlan.usual();
    return isSaid("--rounds")
        ? new ShapePlan(usual.passages(), usual.batches(), usual.context(), usual.steps(), rounds)
        : usual;
  }

  private boolean isSaid(String... flags) {
    return Stream.of(flags).anyMatch(flag -> Configuration.isSaid(spec, flag));
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
