package dev.quantgate.cli;

import dev.quantgate.evaluation.gate.statistics.GateSimulation;
import dev.quantgate.evaluation.gate.statistics.GradedSimulation;
import dev.quantgate.evaluation.gate.statistics.Power;
import dev.quantgate.evaluation.gate.statistics.SuitesSimulation;
import dev.quantgate.reports.PlanReport;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What a gate can and cannot show, without any model. */
@Command(
    name = "plan",
    description = "Says how many items a margin needs, and what a gate can catch.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Example:",
      "  quantgate plan --margin 1 --flip-rate 0.05 --power 0.8 --items humaneval=164"
    })
final class PlanCommand implements Callable<Integer> {
  private static final int MOST_ITEMS = 10_000_000;

  /** A comparison of several samples a problem takes a bootstrap, so they are fewer. */
  private static final int SHARE_OF_BOOTSTRAPS = 50;

  @Spec CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--margin",
      paramLabel = "POINTS",
      description = "allowed loss in percentage points (default: 1)")
  double margin = 1;

  @Option(
      names = "--flip-rate",
      paramLabel = "SHARE",
      description = "share of items that only one model gets right (default: 0.05)")
  double flipRate = 0.05;

  @Option(
      names = "--power",
      paramLabel = "SHARE",
      description = "wanted chance of a proof (default: 0.8)")
  double power = 0.8;

  @Option(
      names = "--items",
      paramLabel = "SUITE=N",
      split = ",",
      description = "items of a suite (default: humaneval=164,ceval=1346,cmnli=12241)")
  Map<String, Integer> items = new LinkedHashMap<>();

  @Option(
      names = "--simulate",
      description = "judge simulated comparisons by this gate and by others' rules instead")
  boolean simulate;

  @Option(
      names = "--comparisons",
      paramLabel = "N",
      description = "simulated comparisons of each setting (default: 10000)")
  int comparisons = 10_000;

  @Option(names = "--seed", paramLabel = "N", description = "seed of the simulation (default: 1)")
  long seed = 1;

  @Override
  public Integer call() {
    if (simulate) {
      Failures.refuseTyped(
          spec,
          "is not for --simulate, which goes through settings of its own",
          List.of("--margin", "--flip-rate", "--power", "--items"));
    } else {
      Failures.refuseTyped(spec, "is for --simulate alone", List.of("--comparisons", "--seed"));
    }
    require(margin > 0 && margin < 100, "--margin: expected points between 0 and 100", margin);
    require(flipRate >= 0 && flipRate <= 1, "--flip-rate: expected a share from 0 to 1", flipRate);
    require(power >= 0.5 && power < 1, "--power: expected a share from 0.5 to below 1", power);
    require(comparisons > 0, "--comparisons: expected 1 or more", comparisons);
    items
        .values()
        .forEach(n ->
            require(
                n > 0 && n <= MOST_ITEMS, "--items: expected 1 to %d".formatted(MOST_ITEMS), n));
    String report =
        simulate
            ? simulation()
            : PlanReport.render(suites(), flipRate, margin / 100, new Power(0.05, power));
    spec.commandLine().getOut().print(report);
    return 0;
  }

  private String simulation() {
    int graded = Math.max(1, comparisons / SHARE_OF_BOOTSTRAPS);
    return "One suite, %d comparisons of each setting, margin 1 point, error 5 %% a proof:%n%n%s%nSeveral suites, %d comparisons:%n%n%s%nSeveral samples a problem:%n%n%s"
        .formatted(
            comparisons,
            PlanReport.render(GateSimulation.run(comparisons, seed)),
            comparisons,
            PlanReport.renderSuites(SuitesSimulation.run(comparisons, seed)),
            PlanReport.renderGraded(GradedSimulation.run(graded, seed)));
  }

  private Map<String, Integer> suites() {
    if (!items.isEmpty()) {
      return items;
    }
    var official = new LinkedHashMap<String, Integer>();
    official.put("humaneval", 164);
    official.put("ceval", 1346);
    official.put("cmnli", 12241);
    return official;
  }

  private void require(boolean good, String expected, Object found) {
    if (!good) {
      throw new ParameterException(spec.commandLine(), "%s, found %s".formatted(expected, found));
    }
  }
}
