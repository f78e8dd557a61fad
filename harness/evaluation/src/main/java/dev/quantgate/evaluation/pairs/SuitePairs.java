package dev.quantgate.evaluation.pairs;

import dev.quantgate.evaluation.record.Stopping;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A suite's pairs, with what must be known of the suite to judge them.
 *
 * @param suite its name
 * @param protocol its id, such as "ceval/official-5shot"
 * @param available items that the data holds; more than the pairs where a limit drew some
 * @param chance the share of right answers that guessing gets: 0 for programs; empty where unknown
 * @param obstacles why these pairs say nothing of the models (other prompts, other items); empty
 *     where they do
 * @param doubts why nothing can be proven by them, though they say something (a baseline that
 *     differs from itself); empty where something can
 * @param stopping that items were asked until the comparison was decided; empty where all were
 * @param pairs one for each item that both models were given, in the order of the baseline's run
 */
public record SuitePairs(
    String suite,
    String protocol,
    int available,
    OptionalDouble chance,
    List<String> obstacles,
    List<String> doubts,
    Optional<Stopping> stopping,
    List<Pair> pairs) {

  /** Of runs that asked all items. */
  public SuitePairs(
      String suite,
      String protocol,
      int available,
      OptionalDouble chance,
      List<String> obstacles,
      List<Pair> pairs) {
    this(suite, protocol, available, chance, obstacles, List.of(), Optional.empty(), pairs);
  }

  public SuitePairs {
    obstacles = List.copyOf(obstacles);
    doubts = List.copyOf(doubts);
    pairs = List.copyOf(pairs);
  }

  /** Whether its items are problems, of which more samples can be asked. */
  public boolean programs() {
    return pairs.stream().allMatch(pair -> pair.expected().isEmpty());
  }

  /** Those where both sides have a grade. */
  public List<Pair> graded() {
    return pairs.stream().filter(Pair::graded).toList();
  }

  /** Whether fewer items were to be asked than the data holds. */
  public boolean limited() {
    return planned() < available;
  }

  /** How many items were to be asked. */
  public int planned() {
    return stopping.map(Stopping::planned).orElse(pairs.size());
  }

  /** How many are of a kind. */
  public int count(Pair.Kind kind) {
    return (int) pairs.stream().filter(pair -> pair.kind() == kind).count();
  }

  /** Graded pairs that both have wholly right. */
  public int bothRight() {
    return (int)
        graded().stream().filter(pair -> full(pair.baseline()) && full(pair.candidate())).count();
  }

  /** Graded pairs that both have wholly wrong. */
  public int bothWrong() {
    return (int)
        graded().stream()
            .filter(pair -> pair.baseline().right() == 0 && pair.candidate().right() == 0)
            .count();
  }

  private static boolean full(Pair.Answered side) {
    return side.right() == side.answers();
  }

  /**
   * Sum over the graded pairs of the candidate's score less the baseline's; a whole number where
   * each item has one answer.
   */
  public double gradeDifference() {
    List<Pair> graded = graded();
    long[] answers =
        graded.stream()
            .flatMapToLong(pair ->
                java.util.stream.LongStream.of(
                    pair.baseline().answers(), pair.candidate().answers()))
            .distinct()
            .toArray();
    if (answers.length == 1) {
      long difference =
          graded.stream()
              .mapToLong(pair -> pair.candidate().right() - pair.baseline().right())
              .sum();
      return (double) difference / answers[0];
    }
    return graded.stream().mapToDouble(Pair::difference).sum();
  }

  /**
   * Candidate less baseline in percentage points over the graded pairs; one rounding, so that a
   * loss of exactly the margin is exactly that. 0 without pairs.
   */
  public double deltaPoints() {
    int items = graded().size();
    return items == 0 ? 0 : 100 * gradeDifference() / items;
  }
}
