package dev.quantgate.reports;

import static dev.quantgate.reports.TextTable.Align.LEFT;
import static dev.quantgate.reports.TextTable.Align.RIGHT;

import dev.quantgate.evaluation.gate.Prospect;
import dev.quantgate.evaluation.gate.statistics.GateSimulation.Rates;
import dev.quantgate.evaluation.gate.statistics.GateSimulation.Setting;
import dev.quantgate.evaluation.gate.statistics.GradedSimulation;
import dev.quantgate.evaluation.gate.statistics.Power;
import dev.quantgate.evaluation.gate.statistics.Power.Chances;
import dev.quantgate.evaluation.gate.statistics.SuitesSimulation;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What a gate can catch, before hours are spent on it. */
public final class PlanReport {
  private static final double[] LOSSES = {0, 0.005, 0.01, 0.02, 0.03, 0.05};

  private PlanReport() {}

  /**
   * Items that a proof takes, and each suite's chances by true loss.
   *
   * @param suites number of independent items by name
   * @param flipRate share of items that flip, 0 .. 1
   * @param margin allowed loss, above 0 and at most 1
   */
  public static String render(
      Map<String, Integer> suites, double flipRate, double margin, Power power) {
    var text = new StringBuilder();
    text.append(
        TextTable.wrapped(
            "",
            "",
            "%s items prove a loss below %s points where %s of the items flip, %s where none does."
                .formatted(
                    Figures.count(power.itemsNeeded(flipRate, margin)),
                    points(margin),
                    Figures.percent(flipRate),
                    Figures.count(power.itemsWithoutFlips(margin)))));
    var table = new TextTable(LEFT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT);
    table
        .row("suite", "items", "visible", "true loss", "PASS proven", "FAIL proven", "point rule")
        .rule();
    suites.forEach((suite, items) -> {
      String name = suite;
      for (double loss : LOSSES) {
        Chances chances = power.chances(items, flipRate, loss, margin);
        boolean first = name.equals(suite);
        table.row(
            first ? name : "",
            first ? Figures.count(items) : "",
            first ? points(power.smallestVisibleLoss(items, flipRate)) : "",
            points(loss),
            chance(chances.possible(), chances.pass()),
            chance(chances.possible(), chances.fail()),
            chance(chances.possible(), chances.point()));
        name = "";
      }
    });
    return text.append("\n\n")
        .append(table.render())
        .append(
            """

            Visible: the smallest loss in points that is shown in %s of comparisons.
            Point rule: it passes. "-": no loss can exceed the share of items that flip.
            Items are taken as independent.
            """
                .formatted(Figures.percent(power.power())))
        .toString();
  }

  /** What a suite of a run can and cannot prove, in one or two lines. */
  public static String render(Prospect suite) {
    String items =
        "%s %s%s"
            .formatted(
                Figures.count(suite.items()),
                suite.programs() ? "problems" : "items",
                suite.samples() > 1 ? " of %d samples".formatted(suite.samples()) : "");
    String visible =
        "a loss of %s points shows at %s flips"
            .formatted(
                points(suite.visibleLossPoints() / 100), Figures.percent(Prospect.USUAL_FLIPS));
    String margin = points(suite.marginPoints() / 100);
    String text;
    if (suite.itemsWithoutFlips().isEmpty()) {
      text = "a margin of 0 can be proven by no number of items; %s".formatted(visible);
    } else if (suite.mostFlips().isEmpty()) {
      text =
          "%s cannot prove a loss below %s points: with no flip at all it takes %s%s; %s"
              .formatted(
                  items,
                  margin,
                  Figures.count(suite.itemsWithoutFlips().getAsLong()),
                  suite.programs() && suite.beyondSamples()
                      ? ", and no number of samples of these can"
                      : "",
                  visible);
    } else {
      text =
          "%s prove a loss below %s points while at most %s flip (at %s it takes %s%s); %s"
              .formatted(
                  items,
                  margin,
                  Figures.percent(suite.mostFlips().getAsDouble()),
                  Figures.percent(Prospect.USUAL_FLIPS),
                  Figures.count(suite.itemsNeeded().orElse(0)),
                  suite.programs() && suite.samplesNeeded().isPresent()
                      ? ", or %s samples of each".formatted(suite.samplesNeeded().getAsLong())
                      : "",
                  visible);
    }
    String stop =
        suite
            .earliestStop()
            .map(earliest ->
                earliest.isPresent()
                    ? "; PASS can stop it after %s items at the earliest"
                        .formatted(Figures.count(earliest.getAsInt()))
                    : "; PASS cannot stop it early: its items are too few, or its clusters too large")
            .orElse("");
    return "%s: %s%s".formatted(suite.suite(), text, stop);
  }

  /** The rates of simulated comparisons. */
  public static String render(List<Rates> rates) {
    var table =
        new TextTable(
            RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT,
            RIGHT, RIGHT, RIGHT);
    table
        .row(
            "items",
            "clusters",
            "flips",
            "loss",
            "PASS",
            "FAIL",
            "beyond",
            "neither",
            "point",
            "unpaired",
            "Wald GO",
            "NO-GO",
            "early PASS",
            "early FAIL",
            "items used")
        .rule();
    for (Rates rate : rates) {
      Setting setting = rate.setting();
      boolean possible = setting.possible();
      table.row(
          Figures.count(setting.items()),
          setting.clusters(),
          Figures.percent(setting.flipRate()),
          points(setting.loss()),
          chance(possible, rate.pass()),
          chance(possible, rate.fail()),
          chance(possible, rate.beyondMargin()),
          chance(possible, rate.inconclusive()),
          chance(possible, rate.point()),
          chance(possible, rate.unpaired()),
          chance(possible, rate.waldInside()),
          chance(possible, rate.waldOutside()),
          chance(possible, rate.earlyPass()),
          chance(possible, rate.earlyFail()),
          chance(possible, rate.earlyItems()));
    }
    return table.render()
        + """

        Shares of comparisons. PASS, FAIL: proven. Beyond: a loss beyond the margin is. Neither: no proof.
        Point, unpaired: the point rule, and a z-test of both scores (baseline at 70 %), let it through.
        Wald GO, NO-GO: a two-sided 95 % Wald interval, as NeMo Evaluator uses, lies inside or beyond the margin.
        Early: proven by a stop at any look, and the share of the items that it took.
        "-": cannot exist, as no loss can exceed the share of items that flip.
        """;
  }

  /** The rates of simulated comparisons of several suites. */
  public static String renderSuites(List<SuitesSimulation.Rates> rates) {
    var table = new TextTable(RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT);
    table
        .row(
            "suites of items",
            "flips",
            "losses",
            "PASS",
            "FAIL",
            "mean within",
            "early PASS",
            "early FAIL",
            "items used")
        .rule();
    for (SuitesSimulation.Rates rate : rates) {
      SuitesSimulation.Setting setting = rate.setting();
      table.row(
          setting.items().stream().map(Figures::count).collect(Collectors.joining(" + "))
              + (setting.clustered() ? " in subjects" : ""),
          Figures.percent(setting.flipRate()),
          setting.losses().stream().map(PlanReport::points).collect(Collectors.joining(", ")),
          Figures.percent(rate.pass()),
          Figures.percent(rate.fail()),
          Figures.percent(rate.pooledWithin()),
          Figures.percent(rate.earlyPass()),
          Figures.percent(rate.earlyFail()),
          Figures.percent(rate.earlyItems()));
    }
    return table.render()
        + """

        PASS: of every suite. FAIL: of any, by Holm's correction. Mean within: the pooled bounds exclude a mean
        loss of the margin. Early FAIL: of any suite, with an error that the suites share.
        """;
  }

  /** The rates of simulated comparisons of several samples a problem. */
  public static String renderGraded(List<GradedSimulation.Rates> rates) {
    var table = new TextTable(RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT);
    table
        .row("problems", "samples", "flips", "loss", "comparisons", "PASS", "FAIL", "beyond")
        .rule();
    for (GradedSimulation.Rates rate : rates) {
      table.row(
          Figures.count(rate.problems()),
          Figures.count(rate.samples()),
          Figures.percent(rate.flipRate()),
          points(rate.loss()),
          Figures.count(rate.comparisons()),
          Figures.percent(rate.pass()),
          Figures.percent(rate.fail()),
          Figures.percent(rate.beyondMargin()));
    }
    return table.render();
  }

  private static String points(double share) {
    return Figures.points(100 * share).replace("+", "");
  }

  private static String chance(boolean possible, double share) {
    return possible ? Figures.percent(share) : "-";
  }
}
