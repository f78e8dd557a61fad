package dev.quantgate.reports;

import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.gate.Finding;
import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The verdict in a sentence for somebody who knows no statistics, in both languages. Losses and
 * margins are what each suite was judged by: points, the worse of both counts where answers are
 * missing, the suite's own margin where it has one.
 */
record Headline(String english, String chinese) {

  static Headline of(Comparison comparison) {
    List<SuiteComparison> telling =
        comparison.suites().stream()
            .filter(suite -> suite.finding() != Finding.UNINFORMATIVE)
            .toList();
    return switch (comparison.verdict()) {
      case PASS -> passed(comparison, telling);
      case FAIL -> failed(comparison, telling);
      case INCONCLUSIVE -> {
        MarginWords loss = loss(comparison, telling);
        yield new Headline(
            "Not decided: these items show neither %s nor its absence.".formatted(loss.english()),
            "尚无结论：这些题目既不能证明有%s，也不能排除它。".formatted(loss.chinese()));
      }
      case INVALID ->
          new Headline(
              "Not valid: this comparison says nothing about the models (%s)."
                  .formatted(PlainText.line(comparison.reason(), 200)),
              "无效：本次比较不能说明模型的好坏（%s）。".formatted(PlainText.line(comparison.reason(), 200)));
    };
  }

  private static Headline passed(Comparison comparison, List<SuiteComparison> telling) {
    MarginWords loss = lossOrMore(comparison, telling);
    if (comparison.proven()) {
      return new Headline(
          "The candidate is as good as the baseline: %s is ruled out on every suite that counts."
              .formatted(loss.english()),
          "候选模型与基线一样好：所有计入的评测集上，均已排除%s。".formatted(loss.chinese()));
    }
    List<SuiteComparison> beyond = beyond(comparison, telling);
    if (!beyond.isEmpty()) {
      MarginWords lost = losses(comparison, beyond);
      return new Headline(
          "The candidate passes only because this gate lets pass what is not proven: %s."
              .formatted(lost.english()),
          "候选模型只因本门限放行未证明的损失而通过：%s。".formatted(lost.chinese()));
    }
    if (comparison.finding() == Finding.PASS) {
      return new Headline(
          "The candidate passes: these items rule out %s, but that does not count as a proof (see why)."
              .formatted(loss.english()),
          "候选模型通过：这些题目已排除%s，但不算证明（见理由）。".formatted(loss.chinese()));
    }
    Optional<MarginWords> common = common(comparison, telling);
    if (common.equals(Optional.of(MarginWords.points(0)))) {
      return new Headline(
          "The candidate passes: no suite lost anything. That nothing is lost beyond these items is not proven by them.",
          "候选模型通过：没有评测集出现损失；但这些题目不足以证明在其之外也没有损失。");
    }
    return new Headline(
        "The candidate passes: no suite lost more than %s. That the true loss is smaller than this is not proven by so few items."
            .formatted(common.map(MarginWords::english).orElse("its margin")),
        "候选模型通过：没有评测集的损失超过%s；但题量不足以证明真实损失小于该界限。"
            .formatted(common.map(words -> " " + words.chinese()).orElse("其允许值")));
  }

  private static Headline failed(Comparison comparison, List<SuiteComparison> telling) {
    boolean shown = telling.stream().anyMatch(suite -> suite.finding() == Finding.FAIL);
    List<SuiteComparison> beyond =
        comparison.policy().onInconclusive() == OnInconclusive.FAIL && !shown
            ? List.of()
            : beyond(comparison, telling);
    if (beyond.isEmpty()) {
      MarginWords loss = loss(comparison, telling);
      return new Headline(
          "The candidate should not be released: these items do not rule out %s, and this gate asks for that."
              .formatted(loss.english()),
          "候选模型不应发布：这些题目不能排除%s，而本门限要求排除。".formatted(loss.chinese()));
    }
    MarginWords lost = losses(comparison, beyond);
    return new Headline(
        "The candidate lost accuracy and should not be released: %s.".formatted(lost.english()),
        "候选模型精度下降，不应发布：%s。".formatted(lost.chinese()));
  }

  /** Suites that were measured to lose more than their margin. */
  private static List<SuiteComparison> beyond(Comparison comparison, List<SuiteComparison> suites) {
    return suites.stream()
        .filter(suite -> suite.items() > 0 && suite.finding() != Finding.INVALID)
        .filter(suite -> -counted(suite) > allowed(comparison, suite))
        .toList();
  }

  /** "ceval lost 1.50 points, cmnli lost 2.00 points, with 1 point allowed". */
  private static MarginWords losses(Comparison comparison, List<SuiteComparison> suites) {
    Optional<MarginWords> common = common(comparison, suites);
    String english =
        suites.stream()
            .map(suite ->
                "%s lost %s points%s"
                    .formatted(
                        suite.suite(),
                        lost(suite),
                        common.isPresent()
                            ? ""
                            : " (allowed: %s)"
                                .formatted(
                                    MarginWords.points(allowed(comparison, suite)).english())))
            .collect(Collectors.joining(", "));
    String chinese =
        suites.stream()
            .map(suite ->
                "%s 下降 %s 个百分点%s"
                    .formatted(
                        suite.suite(),
                        lost(suite),
                        common.isPresent()
                            ? ""
                            : "（允许 %s）"
                                .formatted(
                                    MarginWords.points(allowed(comparison, suite)).chinese())))
            .collect(Collectors.joining("，"));
    return common
        .map(words ->
            new MarginWords(
                "%s, with %s allowed".formatted(english, words.english()),
                "%s，允许 %s".formatted(chinese, words.chinese())))
        .orElseGet(() -> new MarginWords(english, chinese));
  }

  /** "a loss of 1 point", or of each suite's own margin. */
  private static MarginWords loss(Comparison comparison, List<SuiteComparison> suites) {
    return common(comparison, suites)
        .map(words ->
            words.equals(MarginWords.points(0))
                ? new MarginWords("a loss", "损失")
                : new MarginWords(
                    "a loss of %s".formatted(words.english()), " %s的损失".formatted(words.chinese())))
        .orElse(new MarginWords("a loss of the suite's margin", "达到各评测集允许值的损失"));
  }

  /** "a loss of 1 point or more"; where none is allowed, "a loss". */
  private static MarginWords lossOrMore(Comparison comparison, List<SuiteComparison> suites) {
    MarginWords loss = loss(comparison, suites);
    return common(comparison, suites).equals(Optional.of(MarginWords.points(0)))
        ? loss
        : new MarginWords(
            "%s or more".formatted(loss.english()), "%s或更多".formatted(loss.chinese()));
  }

  /** The margin that all suites have, in points; empty where they differ. */
  private static Optional<MarginWords> common(Comparison comparison, List<SuiteComparison> suites) {
    List<String> all =
        suites.stream()
            .map(suite -> MarginWords.points(allowed(comparison, suite)).english())
            .distinct()
            .toList();
    return all.size() == 1
        ? Optional.of(MarginWords.points(allowed(comparison, suites.getFirst())))
        : all.isEmpty()
            ? Optional.of(MarginWords.points(comparison.policy().margin()))
            : Optional.empty();
  }

  /** A suite's margin in points; as the policy says it where nothing was judged by it. */
  static double allowed(Comparison comparison, SuiteComparison suite) {
    return suite
        .evidence()
        .map(evidence -> evidence.scale().marginPoints())
        .orElseGet(() -> comparison.policy().marginOf(suite.suite()).margin());
  }

  /** Delta in points; the worse of both counts where answers are missing. */
  static double counted(SuiteComparison suite) {
    return suite
        .withFaults()
        .map(evidence -> Math.min(evidence.difference().deltaPoints(), suite.deltaPoints()))
        .orElse(suite.deltaPoints());
  }

  private static String lost(SuiteComparison suite) {
    return String.format(Locale.ROOT, "%.2f", -counted(suite));
  }
}
