package dev.quantgate.evaluation.pairs;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.quantgate.evaluation.record.Fault;
import dev.quantgate.evaluation.record.ItemRecord.Choice;
import dev.quantgate.evaluation.record.ItemRecord.Execution;
import dev.quantgate.inference.Generation;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * An item's two answers: one line of {@code pairs/{suite}.jsonl}.
 *
 * @param ordinal the item's place in the whole suite, from 0
 * @param stratum what averages are taken over; empty where the suite has no strata
 * @param category what strata belong to; empty where the suite has none
 * @param cluster what it has in common with items that it depends on; empty where unknown
 * @param choices how many answers there were to choose from; 0 where it was written freely
 * @param expected the right choice's label; empty for programs
 * @param nearTie whether the baseline's margin is below {@link #NEAR_TIE}
 * @param sameAnswer whether both answered alike: the same choice, or the same texts
 * @param sameTokens whether both generated the same token ids; empty where a side's are unknown
 * @param divergence index of the first token in which the first texts that differ do; empty where
 *     they do not or are unknown
 * @param choiceKl how far the candidate's distribution over the choices is from the baseline's, as
 *     {@link Distances#kl} gives it; empty where log-probabilities are not known of both
 * @param sameTokenShare share of the tokens that both generated at the same place, 0 .. 1; empty
 *     where they are unknown
 * @param lengthRatio tokens that the candidate generated, by the baseline's; empty where unknown
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record Pair(
    int ordinal,
    String id,
    String stratum,
    String category,
    Optional<String> cluster,
    int choices,
    String expected,
    Kind kind,
    boolean nearTie,
    boolean sameAnswer,
    Optional<Boolean> sameTokens,
    OptionalInt divergence,
    OptionalDouble choiceKl,
    OptionalDouble sameTokenShare,
    OptionalDouble lengthRatio,
    Answered baseline,
    Answered candidate) {

  /**
   * A baseline margin below this is a near-tie: in the unit of the protocol's rule, nats of a
   * choice's log-probability, or of its mean over tokens.
   */
  public static final double NEAR_TIE = 0.05;

  /** Whether both sides have a grade. */
  public boolean graded() {
    return kind != Kind.UNGRADED;
  }

  /** Candidate's score less the baseline's, -1 .. 1; 0 where a side has no grade. */
  public double difference() {
    return graded() ? candidate.share() - baseline.share() : 0;
  }

  /** What became of an item from one model to the other. */
  public enum Kind {
    /** The baseline does better. */
    LOSS,
    /** The candidate does better. */
    GAIN,
    /** Another answer, which is worth the same. */
    CHURN,
    /** The same answer. */
    SAME,
    /** A side has a fault instead of a grade. */
    UNGRADED;

    /** Whether only one side gets it right, or more of it. */
    public boolean flip() {
      return this == LOSS || this == GAIN;
    }

    @JsonValue
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * One model's answer.
   *
   * @param answer the choice's label, or the beginning of the first completion
   * @param answers answers graded: several where an item was sampled several times
   * @param right how many of them are right
   * @param fault why there is no grade; empty where there is one
   * @param margin by how much the choice beats the next; empty where unknown
   * @param divergenceMargin by how much this model preferred its own token, where the texts first
   *     differ, to the likeliest other one, in nats: below 0 where it was drawn though another was
   *     likelier; empty where unknown
   * @param tied whether another choice had exactly the same value
   * @param shortened how many demos were dropped so that the prompt fits the context
   * @param choices the log-probabilities of each choice; empty where unknown
   * @param texts what was written, a text each sample; empty where nothing was
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record Answered(
      @JsonInclude String answer,
      int answers,
      int right,
      Optional<Fault> fault,
      OptionalDouble margin,
      OptionalDouble divergenceMargin,
      boolean tied,
      int shortened,
      List<Choice> choices,
      List<Text> texts) {
    public Answered {
      choices = List.copyOf(choices);
      texts = List.copyOf(texts);
      if (answers < 1 || right < 0 || right > answers) {
        throw new IllegalArgumentException(
            "%d of %d answers cannot be right".formatted(right, answers));
      }
    }

    /** The share of right answers; empty where there is no grade. */
    public OptionalDouble score() {
      return fault.isPresent() ? OptionalDouble.empty() : OptionalDouble.of(share());
    }

    /** The share of right answers; 0 where there is no grade. */
    public double share() {
      return fault.isPresent() ? 0 : (double) right / answers;
    }
  }

  /**
   * One text.
   *
   * @param tokens how many were generated; empty where unknown
   * @param end why it ended; empty where unknown
   * @param execution what came of executing it; empty for choices
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record Text(
      OptionalInt tokens, Optional<Generation.End> end, Optional<Execution> execution) {}
}
