package dev.quantgate.reports;

import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.comparison.Flip;

/**
 * What became of an item from the baseline to the candidate, on one line: {@code law/12: B -> A,
 * right is B}.
 */
public final class ChangeLine {
  /** Characters of an answer, or of what came of a program. */
  private static final int MOST = 60;

  private ChangeLine() {}

  /** The item's id and what changed. */
  public static String of(Flip flip) {
    return "%s: %s".formatted(PlainText.line(flip.id()), change(flip));
  }

  /** What changed, without the item's id. */
  public static String change(Flip flip) {
    boolean several = isShare(flip.baselineScore()) || isShare(flip.candidateScore());
    return "%s%s%s"
        .formatted(
            several
                ? "%s -> %s of the answers right"
                    .formatted(
                        Figures.percent(flip.baselineScore()),
                        Figures.percent(flip.candidateScore()))
                : answers(flip),
            flip.expected().isEmpty() || several
                ? ""
                : ", right is %s".formatted(answer(flip.expected())),
            flip.nearTie() ? " (near tie)" : "");
  }

  private static String answers(Flip flip) {
    boolean program = !flip.baselineDetail().isEmpty() && !flip.candidateDetail().isEmpty();
    return program
        ? "%s -> %s"
            .formatted(
                PlainText.line(flip.baselineDetail(), MOST),
                PlainText.line(flip.candidateDetail(), MOST))
        : "%s -> %s".formatted(answer(flip.baselineAnswer()), answer(flip.candidateAnswer()));
  }

  private static boolean isShare(double score) {
    return score > 0 && score < 1;
  }

  /** A choice's label as it is, anything else in quotes. */
  private static String answer(String text) {
    if (text.isEmpty()) {
      return "no answer";
    }
    boolean label = text.length() <= 20 && text.chars().allMatch(Character::isLetterOrDigit);
    return label ? text : PlainText.quoted(text, MOST);
  }
}
