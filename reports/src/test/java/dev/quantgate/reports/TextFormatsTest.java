package dev.quantgate.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import dev.quantgate.evaluation.gate.Margin;
import dev.quantgate.evaluation.gate.MarginKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Markdown, flat metrics and the Hub's files. */
class TextFormatsTest {
  @TempDir Path folder;

  private Path written(Path result, String format) {
    Path out = folder.resolve("report");
    ReportFormats.find(format).orElseThrow().write(ReportSource.open(result), out);
    return out;
  }

  @Test
  void aPullRequestsSummaryIsShortAndWhole() throws IOException {
    Path out = written(SampleResult.small(folder), "markdown");
    assertThat(Files.readString(out.resolve("summary.md")))
        .isEqualTo(
            """
            ### QuantGate: FAIL (not proven)

            The candidate lost accuracy and should not be released: humaneval lost 1.33 points, with 1 point allowed.

            | suite | items | baseline | candidate | delta | 95 % bounds | lost / gained | verdict |
            |---|---:|---:|---:|---:|---:|---:|---|
            | ceval | 240 | 79.6 % | 79.2 % | -0.42 | -2.18 … +1.16 | 2 / 1 | PASS |
            | humaneval | 149 | 100.0 % | 99.3 % | -0.67 | -2.95 … +1.12 | 1 / 0 | FAIL |
            | all, equal weights | | | | -0.88 | -2.45 … +0.32 | | |

            humaneval: 1 of 150 items without a grade; with it counted against the candidate the delta is -1.33.

            Candidate models/candidate, baseline models/baseline; margin 1 point; where nothing is proven, the measured delta decides.

            <details><summary>3 items lost</summary>

            - ceval physics/7
            - ceval chemistry/8 (near tie)
            - humaneval HumanEval/3, first other token number 3: the baseline preferred its own by 0.5000 nats, the candidate by 0.5000 nats

            </details>
            """);
    assertThat(Files.readString(out.resolve("headline.txt")))
        .isEqualTo(
            "QuantGate FAIL (not proven): ceval -0.42, humaneval -1.33 points in 389 items\n");
  }

  @Test
  void whatFailsForWantOfAProofIsNotSaidToHaveLostAccuracy() {
    Consumer<SampleRun> right =
        run -> {
          for (int i = 0; i < 40; i++) {
            run.question("ceval", "law", "q%d".formatted(i), "A", -0.1, -3, -3, -3);
          }
        };
    Path result =
        SampleResult.compare(folder, new GatePolicy(1, OnInconclusive.FAIL), right, right);
    Headline headline = Headline.of(ReportSource.open(result).comparison());
    assertThat(headline.english())
        .isEqualTo(
            "The candidate should not be released: these items do not rule out a loss of 1 point, and this gate asks for that.");
    assertThat(headline.chinese()).isEqualTo("候选模型不应发布：这些题目不能排除 1 个百分点的损失，而本门限要求排除。");
  }

  private Headline headline(GatePolicy policy) {
    Path result =
        SampleResult.compare(folder, policy, SampleResult::baseline, SampleResult::candidate);
    return Headline.of(ReportSource.open(result).comparison());
  }

  @Test
  void whatPassesByPolicyAloneIsSaidToHaveLost() {
    Headline headline = headline(new GatePolicy(0.5, OnInconclusive.PASS));
    assertThat(headline.english())
        .isEqualTo(
            "The candidate passes only because this gate lets pass what is not proven: humaneval lost 1.33 points, with 0.5 points allowed.");
    assertThat(headline.chinese())
        .isEqualTo("候选模型只因本门限放行未证明的损失而通过：humaneval 下降 1.33 个百分点，允许 0.5 个百分点。");
  }

  @Test
  void whereNoLossIsAllowedNothingIsSaidToLieBelowIt() {
    var none = Margin.ofPoints(0);
    assertThat(headline(new GatePolicy(0, OnInconclusive.REPORT)))
        .isEqualTo(
            new Headline(
                "Not decided: these items show neither a loss nor its absence.",
                "尚无结论：这些题目既不能证明有损失，也不能排除它。"));
    Consumer<SampleRun> right =
        run -> {
          for (int i = 0; i < 40; i++) {
            run.question("ceval", "law", "q%d".formatted(i), "A", -0.1, -3, -3, -3);
          }
        };
    Path result =
        SampleResult.compare(
            folder.resolve("same"),
            new GatePolicy(none, Map.of(), OnInconclusive.POINT),
            right,
            right);
    assertThat(Headline.of(ReportSource.open(result).comparison()).english())
        .isEqualTo(
            "The candidate passes: no suite lost anything. That nothing is lost beyond these items is not proven by them.");
  }

  @Test
  void suitesWithMarginsOfTheirOwnAreNotSaidToBeWithinAnotherOne() throws IOException {
    var own = new Margin(2, MarginKind.ABSOLUTE, Optional.of("few | problems"));
    var policy = new GatePolicy(Margin.ofPoints(1), Map.of("humaneval", own), OnInconclusive.POINT);
    Headline headline = headline(policy);
    assertThat(headline.english())
        .isEqualTo(
            "The candidate passes: no suite lost more than its margin. That the true loss is smaller than this is not proven by so few items.");
    assertThat(headline.chinese()).isEqualTo("候选模型通过：没有评测集的损失超过其允许值；但题量不足以证明真实损失小于该界限。");

    Path out = written(folder.resolve("compared"), "markdown");
    assertThat(Files.readString(out.resolve("summary.md")))
        .contains("; margin 1 point; humaneval: 2 points (few &#124; problems); where nothing");
    written(folder.resolve("compared"), "metrics");
    JsonNode metrics =
        JsonMapper.builder().build().readTree(Files.readAllBytes(out.resolve("metrics.json")));
    assertThat(metrics.path("humaneval/margin_points").doubleValue()).isEqualTo(2);
    assertThat(metrics.path("humaneval/with_ungraded/delta_points").doubleValue())
        .isEqualTo(-200.0 / 150);
  }

  @Test
  void aRelativeMarginIsToldInTheUnitThatItCounts() {
    var relative = new Margin(0.5, MarginKind.RELATIVE, Optional.empty());
    var policy = new GatePolicy(relative, Map.of(), OnInconclusive.POINT);
    assertThat(headline(policy).english())
        .isEqualTo(
            "The candidate lost accuracy and should not be released: ceval lost 0.42 points (allowed: 0.4 points), humaneval lost 1.33 points (allowed: 0.5 points).");
    assertThat(MarginWords.of(policy))
        .isEqualTo(new MarginWords("0.5 % of the baseline's score", "基线得分的 0.5 %"));
    assertThat(
            MarginWords.of(
                    new GatePolicy(
                        new Margin(1, new MarginKind(50), Optional.empty()),
                        Map.of(),
                        OnInconclusive.POINT))
                .english())
        .isEqualTo("1 % of a baseline's score below 50 points, otherwise 1 point");
  }

  @Test
  void hostileTextIsNoMarkdown() throws IOException {
    Path out = written(Hostile.result(folder), "markdown");
    String summary = Files.readString(out.resolve("summary.md"));
    assertThat(summary.replace("<details><summary>", "").replace("</summary>", ""))
        .doesNotContain("<script", "<img", "\u001b");
    assertThat(Markdown.text("<b> [a](https://x) @all `c` | *x*\n# y", 200))
        .isEqualTo(
            "&#60;b&#62; &#91;a&#93;(https&#58;//x) &#64;all &#96;c&#96; &#124; &#42;x&#42;&#92;n&#35; y");
  }

  @Test
  void metricsAreFlatNumbersUnderNamesThatMlflowTakes() throws IOException {
    Path out = written(SampleResult.small(folder), "metrics");
    JsonNode metrics =
        JsonMapper.builder().build().readTree(Files.readAllBytes(out.resolve("metrics.json")));
    assertThat(metrics.properties())
        .isNotEmpty()
        .allSatisfy(entry -> {
          assertThat(entry.getKey()).matches("[A-Za-z0-9_./-]+");
          assertThat(entry.getValue().isNumber()).isTrue();
        });
    assertThat(metrics.path("ceval/losses").intValue()).isEqualTo(2);
    assertThat(metrics.path("ceval/delta_points").doubleValue()).isEqualTo(-100.0 / 240);
    assertThat(metrics.path("candidate/weight_bytes").longValue()).isEqualTo(1_700_000_000L);
    List<String> csv = Files.readAllLines(out.resolve("metrics.csv"));
    assertThat(csv).hasSize(metrics.size() + 1).startsWith("metric,value");
    assertThat(csv).contains("ceval/losses,2");
  }

  @Test
  void theHubGetsWholeOfficialSuitesAndNoOthers() throws IOException {
    Path out = written(SampleResult.small(folder), "huggingface");
    assertThat(Files.readString(out.resolve(".eval_results").resolve("ceval.yaml")))
        .startsWith(
            """
            - dataset:
                id: ceval/ceval-exam
                task_id: ceval-exam
              value: 79.17
              date: '2026-01-02'
              notes: "quantgate\
            """)
        .endsWith("protocol ceval/official-5shot, 240 items; -0.42 points beside its baseline\"\n");
    // An item of HumanEval has no grade, so that its score is not that of the benchmark.
    assertThat(out.resolve(".eval_results").resolve("humaneval.yaml")).doesNotExist();
  }
}
