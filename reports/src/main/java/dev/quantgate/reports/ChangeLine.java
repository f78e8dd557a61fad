package dev.quantgate.reports;

import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.comparison.Flip;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.pairs.Pair.Answered;
import dev.quantgate.evaluation.record.ItemRecord.Execution;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

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
    return change(
        new Told(flip.baselineScore(), flip.baselineAnswer(), flip.baselineDetail()),
        new Told(flip.candidateScore(), flip.candidateAnswer(), flip.candidateDetail()),
        flip.expected(),
        flip.nearTie());
  }

  /** The item's id and what changed, of any pair. */
  public static String of(Pair pair) {
    return "%s: %s".formatted(PlainText.line(pair.id()), change(pair));
  }

  /** Whose answer is missing and why, where one is. */
  public static Optional<String> fault(Pair pair) {
    return pair.baseline()
        .fault()
        .map(each -> "baseline: %s".formatted(each.message()))
        .or(() -> pair.candidate().fault().map(each -> "candidate: %s".formatted(each.message())))
        .map(message -> PlainText.line(message, 2 * MOST));
  }

  /** What changed, without the item's id. */
  public static String change(Pair pair) {
    return fault(pair)
        .map("not judged, %s"::formatted)
        .orElseGet(() ->
            change(
                Told.of(pair.baseline()),
                Told.of(pair.candidate()),
                pair.expected(),
                pair.nearTie() && pair.kind().flip()));
  }

  /**
   * Where the texts part, and by how much each model preferred its own token there: {@code number
   * 37: the baseline preferred its own by 0.0200 nats, the candidate by 1.3100 nats}. Empty where
   * they do not part, or their tokens are unknown.
   */
  public static Optional<String> firstOther(Pair pair) {
    if (pair.divergence().isEmpty()) {
      return Optional.empty();
    }
    OptionalDouble first = pair.baseline().divergenceMargin();
    OptionalDouble second = pair.candidate().divergenceMargin();
    List<String> told = new ArrayList<>();
    first.ifPresent(margin -> told.add(preferred("baseline", " preferred its own", margin)));
    String said = first.orElse(-1) < 0 ? " preferred its own" : "";
    second.ifPresent(margin -> told.add(preferred("candidate", said, margin)));
    return Optional.of(
        "number %s%s%s"
            .formatted(
                Figures.count(pair.divergence().getAsInt() + 1L),
                told.isEmpty() ? "" : ": ",
                String.join(", ", told)));
  }

  /** A token that was sampled need not be the likeliest. */
  private static String preferred(String side, String did, double margin) {
    return margin < 0
        ? "the %s drew its own %s nats behind a likelier one"
            .formatted(side, ItemReport.nats(-margin))
        : "the %s%s by %s nats".formatted(side, did, ItemReport.nats(margin));
  }

  /** What came of executing a program: "PASSED", "FAILED: AssertionError". */
  static String outcome(Execution execution) {
    return execution.detail().isEmpty()
        ? execution.outcome().name()
        : "%s: %s".formatted(execution.outcome(), execution.detail());
  }

  private record Told(double score, String answer, String detail) {
    static Told of(Answered side) {
      return new Told(
          side.share(),
          side.answer(),
          side.texts().stream()
              .flatMap(text -> text.execution().stream())
              .findFirst()
              .map(ChangeLine::outcome)
              .orElse(""));
    }

    /** Whether the answer was sampled several times and only some are right. */
    boolean partly() {
      return score > 0 && score < 1;
    }
  }

  private static String change(Told baseline, Told candidate, String expected, boolean nearTie) {
    boolean several = baseline.partly() || candidate.partly();
    String what;
    if (several) {
      what =
          "%s -> %s of the answers right"
              .formatted(Figures.percent(baseline.score()), Figures.percent(candidate.score()));
    } else if (!baseline.detail().isEmpty() && !candidate.detail().isEmpty()) {
      what =
          "%s -> %s"
              .formatted(
                  PlainText.line(baseline.detail(), MOST),
                  PlainText.line(candidate.detail(), MOST));
    } else {
      what = "%s -> %s".formatted(answer(baseline.answer()), answer(candidate.answer()));
    }
    return "%s%s%s"
        .formatted(
            what,
            expected.isEmpty() || several ? "" : ", right is %s".formatted(answer(expected)),
            nearTie ? " (near tie)" : "");
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
