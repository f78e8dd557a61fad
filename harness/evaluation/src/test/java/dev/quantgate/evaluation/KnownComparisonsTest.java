package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.gate.Evidence;
import dev.quantgate.evaluation.gate.Finding;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import dev.quantgate.evaluation.gate.Margin;
import dev.quantgate.evaluation.gate.MarginKind;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.record.Reseal;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.RunEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Finished runs with known tables, compared. Bounds were computed apart from this program, by
 * bisection of Tango's score statistic; p-values are sums of binomial coefficients over powers of
 * 2. The four cases in which NVIDIA's NeMo Evaluator 0.3.0 says GO (ten identical items, both
 * models at 0, other prompts, an advisory loss of 97.6 points) are among them.
 */
class KnownComparisonsTest {
  private static final List<String> LABELS = List.of("contradiction", "entailment", "neutral");

  @TempDir Path folder;

  /** Records a run of {@code right.length()} sentence pairs, right where there is a 1. */
  private Path recorded(String name, String right) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < right.length(); i++) {
      String label = LABELS.get(right.charAt(i) == '1' ? i % 3 : (i + 1) % 3);
      lines.add("{\"id\":\"%d\",\"answer\":\"%s\"}".formatted(i, label));
    }
    Path file = Files.write(folder.resolve("%s.jsonl".formatted(name)), lines);
    return eval(new Fixtures().pairs("cmnli", right.length()), name, "replay:%s".formatted(file));
  }

  private Path eval(Fixtures fixtures, String name, String model) {
    Path out = folder.resolve(name);
    fixtures
        .quantGate()
        .eval(
            new EvalRequest(model, RunPlan.of("cmnli"), RunEnvironment.defaults(), out),
            Progress.Listener.NONE);
    return out;
  }

  private Comparison compare(Path baseline, Path candidate, GatePolicy policy) {
    return new Fixtures()
        .quantGate()
        .compare(
            new CompareRequest(
                baseline, candidate, policy, folder.resolve("compared-%d".formatted(++compared))));
  }

  private int compared;

  private Comparison table(int bothRight, int losses, int gains, int bothWrong, GatePolicy policy)
      throws IOException {
    return compare(
        recorded("baseline", "1".repeat(bothRight + losses) + "0".repeat(gains + bothWrong)),
        recorded(
            "candidate",
            "1".repeat(bothRight) + "0".repeat(losses) + "1".repeat(gains) + "0".repeat(bothWrong)),
        policy);
  }

  @ParameterizedTest
  @CsvSource({
    // both right, b, c, both wrong, delta, lower, upper, p loss, p two-sided, mid-p, visible, items
    "121,1,0,42,-0.6098,-2.6865,1.0231,0.5,1,0.5,1.5161,377,INCONCLUSIVE,PASS",
    "122,0,0,42,0,-1.6229,1.6229,1,1,1,0,268,INCONCLUSIVE,PASS",
    "1000,40,10,296,-2.2288,-3.1553,-1.4067,1.19307e-5,2.38613e-5,1.47377e-5,1.3062,2297,FAIL,FAIL",
    "112,5,5,42,0,-3.5170,3.5170,0.623047,1,1,4.7945,3770,INCONCLUSIVE,PASS",
    "1000,20,20,306,0,-0.7970,0.7970,0.562685,1,1,1.1683,1838,PASS,PASS",
    "10,0,0,0,0,-21.2942,21.2942,1,1,1,0,268,INCONCLUSIVE,PASS",
  })
  void aKnownTableHasTheIntervalTheTestTheVerdictAndThePowerComputedByHand(
      int bothRight,
      int losses,
      int gains,
      int bothWrong,
      double delta,
      double lower,
      double upper,
      double loss,
      double twoSided,
      double midP,
      double visible,
      long needed,
      Finding finding,
      Verdict verdict)
      throws IOException {
    Comparison comparison = table(bothRight, losses, gains, bothWrong, GatePolicy.DEFAULT);

    SuiteComparison suite = comparison.suites().getFirst();
    Evidence evidence = suite.evidence().orElseThrow();
    assertThat(suite.losses()).isEqualTo(losses);
    assertThat(suite.gains()).isEqualTo(gains);
    assertThat(suite.bothRight()).isEqualTo(bothRight);
    assertThat(suite.bothWrong()).isEqualTo(bothWrong);
    assertThat(evidence.difference().deltaPoints()).isCloseTo(delta, within(5e-5));
    assertThat(evidence.difference().lowerPoints()).isCloseTo(lower, within(1e-3));
    assertThat(evidence.difference().upperPoints()).isCloseTo(upper, within(1e-3));
    assertThat(evidence.loss().mcnemar().orElseThrow().loss()).isCloseTo(loss, within(1e-6));
    assertThat(evidence.loss().mcnemar().orElseThrow().twoSided())
        .isCloseTo(twoSided, within(1e-6));
    assertThat(evidence.loss().mcnemar().orElseThrow().midP()).isCloseTo(midP, within(1e-6));
    assertThat(evidence.reach().visibleLossPoints()).isCloseTo(visible, within(1e-3));
    assertThat(evidence.reach().itemsNeeded().orElseThrow()).isCloseTo(needed, within(1L));
    assertThat(suite.finding()).isEqualTo(finding);
    assertThat(suite.verdict()).isEqualTo(verdict);
    assertThat(suite.proven()).isEqualTo(finding != Finding.INCONCLUSIVE);
  }

  @ParameterizedTest
  @EnumSource(OnInconclusive.class)
  void tenIdenticalItemsProveNothing(OnInconclusive policy) throws IOException {
    requireNoProof(table(10, 0, 0, 0, new GatePolicy(1, policy)));
  }

  @ParameterizedTest
  @EnumSource(OnInconclusive.class)
  void twoModelsThatScoreNothingSayNothing(OnInconclusive policy) throws IOException {
    Comparison comparison = table(0, 0, 0, 164, new GatePolicy(1, policy));

    requireNoProof(comparison);
    assertThat(comparison.verdict()).isEqualTo(Verdict.INVALID);
    assertThat(comparison.suites().getFirst().finding()).isEqualTo(Finding.UNINFORMATIVE);
    assertThat(comparison.exitCode()).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource(OnInconclusive.class)
  void otherPromptsOnTheTwoSidesAreInvalid(OnInconclusive policy) throws IOException {
    TwoModels models = TwoModels.in(folder);
    Fixtures live = new Fixtures().pairs("cmnli", 600).model(models.fp16()).model(models.int4());
    Path baseline = eval(live, "baseline", models.fp16().toString());
    Path candidate = eval(live, "candidate", models.int4().toString());
    Path records = candidate.resolve("model/cmnli.jsonl");
    Files.writeString(
        records,
        Files.readString(records)
            .replaceAll(
                "\"promptSha256\":\"[0-9a-f]{64}\"",
                "\"promptSha256\":\"%s\"".formatted("0".repeat(64))));
    Reseal.inRun(candidate.resolve("model"), records);

    Comparison comparison = compare(baseline, candidate, new GatePolicy(1, policy));

    requireNoProof(comparison);
    assertThat(comparison.verdict()).isEqualTo(Verdict.INVALID);
    assertThat(comparison.reason())
        .isEqualTo("cmnli: prompts differ on 600 of 600 items, the first being 0");
  }

  @ParameterizedTest
  @EnumSource(OnInconclusive.class)
  void aLossOf97PointsIsNeverAPass(OnInconclusive policy) throws IOException {
    Path baseline = recorded("baseline", "1".repeat(250));
    Path candidate = recorded("candidate", "1".repeat(6) + "0".repeat(244));
    for (double margin : new double[] {1, 50, 97}) {
      for (MarginKind kind : List.of(MarginKind.ABSOLUTE, MarginKind.RELATIVE)) {
        var wide = new Margin(margin, kind, Optional.of("an advisory suite"));
        Comparison comparison =
            compare(baseline, candidate, new GatePolicy(wide, Map.of(), policy));
        assertThat(comparison.finding()).as("%s", wide).isNotEqualTo(Finding.PASS);
        assertThat(comparison.verdict()).as("%s", wide).isIn(Verdict.FAIL, Verdict.INVALID);
        assertThat(comparison.exitCode()).isPositive();
      }
    }
  }

  private static void requireNoProof(Comparison comparison) {
    assertThat(comparison.finding()).isNotEqualTo(Finding.PASS);
    assertThat(comparison.proven()).isFalse();
    assertThat(comparison.suites()).noneMatch(SuiteComparison::proven);
  }
}
