package dev.quantgate.reports;

import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.Margin;
import dev.quantgate.evaluation.gate.MarginKind;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;

/** What a policy allows to be lost, with its reason and each suite's own, in both languages. */
public record MarginWords(String english, String chinese) {
  private static final int MOST_REASON = 200;

  /** The general margin, then those of single suites. */
  public static MarginWords of(GatePolicy policy) {
    MarginWords words = of(policy.general());
    for (Map.Entry<String, Margin> own : policy.margins().entrySet()) {
      MarginWords next = of(own.getValue());
      String suite = PlainText.line(own.getKey());
      words =
          new MarginWords(
              "%s; %s: %s".formatted(words.english, suite, next.english),
              "%s；%s：%s".formatted(words.chinese, suite, next.chinese));
    }
    return words;
  }

  private static MarginWords of(Margin margin) {
    MarginWords words = amount(margin);
    return margin
        .reason()
        .map(reason -> PlainText.line(reason, MOST_REASON))
        .map(reason ->
            new MarginWords(
                "%s (%s)".formatted(words.english, reason),
                "%s（%s）".formatted(words.chinese, reason)))
        .orElse(words);
  }

  private static MarginWords amount(Margin margin) {
    MarginWords points = points(margin.margin());
    String figure = figure(margin.margin());
    if (margin.kind().equals(MarginKind.ABSOLUTE)) {
      return points;
    }
    if (margin.kind().equals(MarginKind.RELATIVE)) {
      return new MarginWords(
          "%s %% of the baseline's score".formatted(figure), "基线得分的 %s %%".formatted(figure));
    }
    MarginWords below = points(margin.kind().relativeBelow());
    return new MarginWords(
        "%s %% of a baseline's score below %s, otherwise %s"
            .formatted(figure, below.english, points.english),
        "基线得分低于 %s时为其 %s %%，否则 %s".formatted(below.chinese, figure, points.chinese));
  }

  /** {@code 1 point}, {@code 0.5 points}; rounded to two digits. */
  static MarginWords points(double points) {
    String figure = figure(points);
    return new MarginWords(
        figure.equals("1") ? "1 point" : "%s points".formatted(figure),
        "%s 个百分点".formatted(figure));
  }

  private static String figure(double value) {
    return BigDecimal.valueOf(value)
        .setScale(2, RoundingMode.HALF_EVEN)
        .stripTrailingZeros()
        .toPlainString();
  }
}
