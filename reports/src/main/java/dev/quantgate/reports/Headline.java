package dev.quantgate.reports;

import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.gate.Evidence;
import dev.quantgate.evaluation.gate.Finding;
import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import dev.quantgate.evaluation.gate.Verdict;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The verdict in a sentence for somebody who knows no statistics, in both languages. */
record Headline(String english, String chinese) {

  static Headline of(Comparison comparison) {
    String margin = points(comparison.policy().margin());
    List<SuiteComparison> telling =
        comparison.suites().stream()
            .filter(suite -> suite.finding() != Finding.UNINFORMATIVE)
            .toList();
    return switch (comparison.verdict()) {
      case PASS ->
          comparison.proven()
              ? new Headline(
                  "The candidate is as good as the baseline: a loss of %s or more is ruled out on every suite that counts."
                      .formatted(margin),
                  "候选模型与基线一样好：所有计入的评测集上，均已排除 %s个百分点或更多的损失。".formatted(bare(margin)))
              : new Headline(
                  "The candidate passes: no suite lost more than %s. That the true loss is smaller than this is not proven by so few items."
                      .formatted(margin),
                  "候选模型通过：没有评测集的损失超过 %s个百分点；但题量不足以证明真实损失小于该界限。".formatted(bare(margin)));
      case FAIL ->
          isUnproven(comparison, telling)
              ? new Headline(
                  "The candidate should not be released: these items do not rule out a loss of %s, and this gate asks for that."
                      .formatted(margin),
                  "候选模型不应发布：这些题目不能排除 %s个百分点的损失，而本门限要求排除。".formatted(bare(margin)))
              : new Headline(
                  "The candidate lost accuracy and should not be released: %s, with %s allowed."
                      .formatted(losses(telling, "%s lost %s points", ", "), margin),
                  "候选模型精度下降，不应发布：%s，允许 %s个百分点。"
                      .formatted(losses(telling, "%s 下降 %s 个百分点", "，"), bare(margin)));
      case INCONCLUSIVE ->
          new Headline(
              "Not decided: these items show neither a loss of %s nor its absence."
                  .formatted(margin),
              "尚无结论：这些题目既不能证明有 %s个百分点的损失，也不能排除它。".formatted(bare(margin)));
      case INVALID ->
          new Headline(
              "Not valid: this comparison says nothing about the models (%s)."
                  .formatted(PlainText.line(comparison.reason(), 200)),
              "无效：本次比较不能说明模型的好坏（%s）。".formatted(PlainText.line(comparison.reason(), 200)));
    };
  }

  /** Whether it fails only because it is not proven, as it was asked to. */
  private static boolean isUnproven(Comparison comparison, List<SuiteComparison> suites) {
    return comparison.policy().onInconclusive() == OnInconclusive.FAIL
        && suites.stream().noneMatch(suite -> suite.finding() == Finding.FAIL);
  }

  /** What was lost in each suite that fails; the worse of both where missing answers count. */
  private static String losses(List<SuiteComparison> suites, String each, String between) {
    return suites.stream()
        .filter(suite -> suite.verdict() == Verdict.FAIL)
        .map(suite -> {
          double counted =
              suite.withFaults().map(Evidence::deltaPoints).orElse(suite.deltaPoints());
          double lost = -Math.min(counted, suite.deltaPoints());
          return each.formatted(suite.suite(), String.format(Locale.ROOT, "%.2f", lost));
        })
        .collect(Collectors.joining(between));
  }

  private static String points(double margin) {
    String figure = String.format(Locale.ROOT, "%.2f", margin).replaceAll("\\.?0+$", "");
    return figure.equals("1") ? "1 point" : "%s points".formatted(figure);
  }

  private static String bare(String points) {
    return points.substring(0, points.indexOf(' ') + 1);
  }
}
