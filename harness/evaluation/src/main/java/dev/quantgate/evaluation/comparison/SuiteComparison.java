package dev.quantgate.evaluation.comparison;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.quantgate.evaluation.gate.Evidence;
import dev.quantgate.evaluation.gate.Finding;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.protocol.Averages.Average;
import dev.quantgate.evaluation.record.Fault;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.evaluation.record.Stopping;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One suite's pairs.
 *
 * @param protocol its id, such as "ceval/official-5shot"
 * @param data file and sha256 of the items, and whether the catalogue knows them
 * @param available items that the data holds; more than asked where a limit drew some
 * @param asked items that both models were given
 * @param items pairs that were judged: {@code asked} less those where a side has a fault
 * @param chance the share of right answers that guessing gets; empty where unknown
 * @param deltaPoints candidate less baseline in percentage points, over items (micro), not rounded:
 *     what the gate looks at
 * @param losses items the baseline does better
 * @param gains items the candidate does better
 * @param changed items that both have equally right with another answer; empty in files of schema 1
 * @param bothRight items that both have wholly right
 * @param bothWrong items that both have wholly wrong
 * @param ungraded items left out of the pairs, each with its fault
 * @param obstacles why the pairs say nothing of the models; empty where they do
 * @param stopping that items were asked until the comparison was decided; empty where all were
 * @param finding what the pairs show, whatever policy makes of it
 * @param verdict after policy; INVALID where the finding is UNINFORMATIVE, which is then no part of
 *     the whole
 * @param proven whether the verdict is what the pairs show, on the whole suite
 * @param reason one line that says what the verdict rests on
 * @param evidence of the graded pairs; empty where they say nothing
 * @param withFaults of all pairs, where some have faults that count against the candidate
 * @param sandbox what executed the programs; empty for other suites
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record SuiteComparison(
    String suite,
    String protocol,
    Data data,
    int available,
    int asked,
    int items,
    OptionalDouble chance,
    SideScore baseline,
    SideScore candidate,
    double deltaPoints,
    int losses,
    int gains,
    OptionalInt changed,
    int bothRight,
    int bothWrong,
    List<AverageDelta> averages,
    List<Ungraded> ungraded,
    Diagnostics diagnostics,
    Optional<Executed> sandbox,
    List<String> obstacles,
    Optional<Stopping> stopping,
    Finding finding,
    Verdict verdict,
    boolean proven,
    String reason,
    Optional<Evidence> evidence,
    Optional<Evidence> withFaults) {

  public SuiteComparison {
    averages = List.copyOf(averages);
    ungraded = List.copyOf(ungraded);
    obstacles = List.copyOf(obstacles);
  }

  /** Whether fewer items were to be asked than the data holds. */
  public boolean limited() {
    return stopping.map(Stopping::planned).orElse(asked) < available;
  }

  /** Where the items came from. */
  public record Data(String file, String sha256, boolean catalogued) {}

  /**
   * How one model did on the pairs.
   *
   * @param score mean over the items of the share of right answers, 0 .. 1
   * @param correct right answers
   * @param answers answers graded; equal to the items with one answer each
   */
  public record SideScore(double score, int correct, int answers) {}

  /**
   * A further average of both models: "macro", "category/STEM", "hard", "subject/law", "pass@10".
   *
   * @param chance the share of right answers that guessing gets; empty where unknown
   * @param deltaPoints candidate less baseline in percentage points
   */
  public record AverageDelta(
      String name, int items, double baseline, double candidate, double deltaPoints) {
    static AverageDelta of(Average baseline, Average candidate) {
      return new AverageDelta(
          baseline.name(),
          baseline.items(),
          baseline.score(),
          candidate.score(),
          100 * (candidate.score() - baseline.score()));
    }
  }

  /** An item without a grade, on the side where it has none. */
  public record Ungraded(String id, Side side, Fault.Category category, String message) {}

  /** What executed the programs. */
  public record Executed(String kind, SortedMap<String, String> identity) {
    public Executed {
      identity = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(identity));
    }
  }

  /**
   * What stands beside the score. Values that a side cannot know are empty.
   *
   * @param sameAnswers items that both answered alike: the same choice, or the same text
   * @param baselineTies items where the baseline's best choice was exactly tied
   * @param nearTieFlips flips whose baseline margin is below {@link Pair#NEAR_TIE}
   * @param baselineMedianMargin median of the baseline's margin
   * @param sameTokens share of items whose generated token sequences are identical
   * @param lengthRatio tokens the candidate generated, by the baseline's
   * @param baselineTruncated texts that ended at the limit of length
   * @param shortened items whose demos were cut to fit the context
   * @param choices of the log-probabilities of choices; empty where they are not known of both
   * @param texts of generated tokens; empty where they are not known of both
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record Diagnostics(
      int sameAnswers,
      int baselineTies,
      int candidateTies,
      int nearTieFlips,
      OptionalDouble baselineMedianMargin,
      OptionalDouble candidateMedianMargin,
      OptionalDouble sameTokens,
      OptionalDouble lengthRatio,
      int baselineTruncated,
      int candidateTruncated,
      int shortened,
      Optional<Choices> choices,
      Optional<Texts> texts) {}

  /**
   * How far the two models' distributions over the choices lie apart, over the items where both are
   * known: the Kullback-Leibler divergence of the candidate's from the baseline's, in nats. A
   * diagnostic, never the gate.
   *
   * @param sameArgmax items where both find the same choice likeliest
   * @param nearTies items where the baseline's margin is below {@link Pair#NEAR_TIE}
   */
  public record Choices(
      int items,
      int sameArgmax,
      int nearTies,
      double klMean,
      double klMedian,
      double kl90,
      double kl99,
      double klMaximum) {}

  /**
   * How far the texts that the two models generated lie apart, over the items where both models'
   * tokens are known.
   *
   * @param identical items whose texts have the same tokens
   * @param sameTokenShare mean over the items of the share of equal tokens at equal places
   * @param medianDivergence over the items that differ, the place of the first token that does
   * @param baselineMedianDivergenceMargin by how much the baseline preferred its own token there,
   *     in nats; empty where unknown
   * @param baselineTruncationRate share of its texts that ended at the limit of length
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record Texts(
      int items,
      int identical,
      double sameTokenShare,
      OptionalDouble medianDivergence,
      OptionalDouble baselineMedianDivergenceMargin,
      OptionalDouble candidateMedianDivergenceMargin,
      double baselineTruncationRate,
      double candidateTruncationRate) {}
}
