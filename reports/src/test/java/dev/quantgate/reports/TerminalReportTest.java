package dev.quantgate.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.Comparison.ModelSummary;
import dev.quantgate.evaluation.comparison.Flip;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.comparison.SuiteComparison.AverageDelta;
import dev.quantgate.evaluation.comparison.SuiteComparison.Data;
import dev.quantgate.evaluation.comparison.SuiteComparison.Diagnostics;
import dev.quantgate.evaluation.comparison.SuiteComparison.SideScore;
import dev.quantgate.evaluation.comparison.SuiteComparison.Ungraded;
import dev.quantgate.evaluation.gate.Evidence;
import dev.quantgate.evaluation.gate.Finding;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.Judgement.PooledDelta;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.gate.statistics.Interval;
import dev.quantgate.evaluation.gate.statistics.McNemar;
import dev.quantgate.evaluation.record.Fault;
import dev.quantgate.evaluation.record.ModelUsage;
import dev.quantgate.evaluation.record.Side;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TerminalReportTest {

  @Test
  void aComparisonIsToldWhole() {
    var comparison =
        new Comparison(
            "quantgate 0.1.0",
            Finding.FAIL,
            Verdict.FAIL,
            true,
            1,
            "ceval: delta -6.00",
            GatePolicy.DEFAULT,
            model(Side.BASELINE, "模型/千问-fp16", "F16"),
            model(Side.CANDIDATE, "模型/千问-int4", "四位 g128"),
            List.of(
                suite(
                    "ceval",
                    1346,
                    50,
                    new Judged(5, 2, OptionalInt.of(12), Finding.FAIL, Verdict.FAIL, true)),
                suite(
                    "cmnli",
                    50,
                    50,
                    new Judged(
                        0, 0, OptionalInt.empty(), Finding.INCONCLUSIVE, Verdict.PASS, false))),
            Optional.of(new PooledDelta(2, -3, -5.25, -0.75, 1, false)),
            flips(),
            List.of(),
            List.of("ceval: custom data, 题目.zip, sha256 00"));

    assertThat(TerminalReport.render(comparison, Path.of("/tmp/发布-42")))
        .isEqualTo(
            """
            suite  items  baseline  candidate  delta  loss/gain  verdict
            --------------------------------------------------------------------
            ceval     50    60.0 %     54.0 %  -6.00        5/2  FAIL proven
            cmnli     50    60.0 %     60.0 %   0.00        0/0  PASS not proven
              ceval: protocol test, 51 of 1,346 items, 12 other answers worth the same
              cmnli: protocol test
              all 2 suites, equal weights: -3.00, 95 % bounds -5.25 and -0.75
              ceval category/社会科学: 61.0 % and 55.5 %, -5.50

            model      weights     memory  with cache  prompt tok/s  decode tok/s
            ---------------------------------------------------------------------
            baseline   F16        2.00 GB     2.50 GB         1,000          50.0
            candidate  四位 g128  2.00 GB     2.50 GB         1,000          50.0
              baseline: 模型/千问-fp16
              candidate: 模型/千问-int4

            ceval lost 5:
              - 法学/0: A -> B, right is A (near tie)
              - 法学/1: A -> B, right is A
              - 法学/2: A -> B, right is A
              - 法学/3: A -> B, right is A
              - 法学/4: A -> B, right is A

            ceval gained 2: +法学/5 +法学/6

            ceval: 1 answer without a grade, judged without and with them; the first:
              法学/9, TOO_LONG, 上下文不够

            Note: ceval: custom data, 题目.zip, sha256 00

            FAIL (proven)
              ceval: delta -6.00
              cmnli: delta 0.00
            Full report: /tmp/发布-42/comparison.json
            """);
  }

  private static ModelSummary model(Side side, String reference, String format) {
    var identity = new TreeMap<String, String>();
    identity.put("weightFormat", format);
    return new ModelSummary(
        side,
        reference,
        true,
        identity,
        Optional.of(
            new ModelUsage(
                "CPU", 2_000_000_000L, 2_000_000_000L, 500_000_000L, 3, 1_000, 1, 100, 2)),
        Optional.empty(),
        Optional.empty());
  }

  private record Judged(
      int losses,
      int gains,
      OptionalInt changed,
      Finding finding,
      Verdict verdict,
      boolean proven) {}

  private static SuiteComparison suite(String name, int available, int items, Judged judged) {
    boolean first = name.equals("ceval");
    int losses = judged.losses();
    int gains = judged.gains();
    int right = 30 - losses + gains;
    double delta = 100.0 * (right - 30) / items;
    return new SuiteComparison(
        name,
        name + "/test",
        new Data(name + ".zip", "00", true),
        available,
        first ? items + 1 : items,
        items,
        OptionalDouble.of(0.25),
        new SideScore(0.6, 30, items),
        new SideScore((double) right / items, right, items),
        delta,
        losses,
        gains,
        judged.changed(),
        30 - losses,
        items - 30 - gains,
        first
            ? List.of(
                new AverageDelta("category/社会科学", 20, 0.61, 0.555, -5.5),
                new AverageDelta("subject/law", 20, 0.61, 0.555, -5.5))
            : List.of(),
        first
            ? List.of(new Ungraded("法学/9", Side.CANDIDATE, Fault.Category.TOO_LONG, "上下文不够"))
            : List.of(),
        new Diagnostics(
            0,
            0,
            0,
            0,
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            0,
            0,
            0,
            Optional.empty(),
            Optional.empty()),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        judged.finding(),
        judged.verdict(),
        judged.proven(),
        "delta %.2f".formatted(delta),
        Optional.of(evidence(items, losses, gains, first)),
        first ? Optional.of(evidence(items + 1, losses + 1, gains, first)) : Optional.empty());
  }

  /** Numbers that no gate would give together, each to be found in its place. */
  private static Evidence evidence(int items, int losses, int gains, boolean loss) {
    return new Evidence(
        Evidence.Method.TANGO,
        new Evidence.Counts(items, 30 - losses, losses, gains, items - 30 - gains),
        new Evidence.Spread(items, 1, (double) (losses + gains) / items),
        new Evidence.Difference(
            100.0 * (gains - losses) / items,
            loss ? -9.75 : -5.13,
            loss ? -2.25 : 5.13,
            Optional.of(new Interval(-9, 4))),
        new Evidence.Loss(
            Optional.of(new McNemar(0.01, 0.021, 0.02)), OptionalDouble.of(0.04), loss, loss),
        new Evidence.Scale(1, 100.0 / items),
        0.45,
        new Evidence.Reach(7.5, OptionalLong.of(1_234), OptionalLong.empty()));
  }

  private static List<Flip> flips() {
    List<Flip> flips = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      boolean loss = i < 5;
      flips.add(
          new Flip(
              "ceval",
              "法学/" + i,
              loss ? Flip.Kind.LOSS : Flip.Kind.GAIN,
              loss ? 1 : 0,
              loss ? 0 : 1,
              "A",
              loss ? "A" : "B",
              loss ? "B" : "A",
              "",
              "",
              OptionalDouble.empty(),
              OptionalDouble.empty(),
              i == 0));
    }
    return flips;
  }
}
