package dev.quantgate.evaluation.gate;

import dev.quantgate.evaluation.gate.statistics.BettingSequence;
import dev.quantgate.evaluation.gate.statistics.Power;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What a suite can and cannot prove, known before it is asked: of a candidate that lost nothing,
 * with a chance of {@link Power#USUAL}, items taken as independent.
 *
 * @param programs whether its items are problems, of which more samples can be asked
 * @param samples texts asked for each item
 * @param marginPoints the allowed loss; of a relative margin what it is for a baseline at 100 %
 * @param itemsWithoutFlips how many items prove the margin where nothing flips; empty for a margin
 *     of 0, which none can
 * @param mostFlips the largest share of flips at which a proof is likely; empty where none is
 * @param visibleLossPoints the smallest loss that is likely to be shown where {@link #USUAL_FLIPS}
 *     of the items flip
 * @param itemsNeeded how many items prove the margin at that rate; empty for a margin of 0
 * @param earliestStop after how many items an early stop can decide at the earliest, where one is
 *     asked for and can; empty where it cannot
 */
public record Prospect(
    String suite,
    boolean programs,
    int items,
    int samples,
    double marginPoints,
    OptionalLong itemsWithoutFlips,
    OptionalDouble mostFlips,
    double visibleLossPoints,
    OptionalLong itemsNeeded,
    Optional<OptionalInt> earliestStop) {
  /** A share of flips as int4 models have it. */
  public static final double USUAL_FLIPS = 0.05;

  private static final int HALVINGS = 40;

  /**
   * What a suite can prove.
   *
   * @param clusters sizes of the clusters in which its items come
   * @param stop whether it is to stop when it is decided
   */
  public static Prospect of(
      String suite,
      boolean programs,
      int samples,
      Collection<Integer> clusters,
      Margin margin,
      boolean stop) {
    int items = clusters.stream().mapToInt(Integer::intValue).sum();
    double points = margin.points(1, 1);
    double share = points / 100;
    boolean any = points > 0;
    OptionalLong least =
        any
            ? OptionalLong.of(
                samples > 1
                    ? itemsOfBets(List.of(), share).getAsInt()
                    : Power.USUAL.itemsWithoutFlips(share))
            : OptionalLong.empty();
    boolean possible = any && items >= least.getAsLong();
    return new Prospect(
        suite,
        programs,
        items,
        samples,
        points,
        least,
        possible ? OptionalDouble.of(mostFlips(items, share)) : OptionalDouble.empty(),
        100 * Power.USUAL.smallestVisibleLoss(items, USUAL_FLIPS),
        any ? OptionalLong.of(Power.USUAL.itemsNeeded(USUAL_FLIPS, share)) : OptionalLong.empty(),
        stop && any ? Optional.of(itemsOfBets(clusters, share)) : Optional.empty());
  }

  /** Whether no number of samples of these items can prove the margin. */
  public boolean beyondSamples() {
    return marginPoints == 0 || items < itemsOfBets(List.of(), marginPoints / 100).getAsInt();
  }

  /** How many samples of each item prove the margin at {@link #USUAL_FLIPS}. */
  public OptionalLong samplesNeeded() {
    return beyondSamples()
        ? OptionalLong.empty()
        : OptionalLong.of(Math.ceilDiv(itemsNeeded.getAsLong(), items));
  }

  private static double mostFlips(int items, double margin) {
    double possible = 0;
    double too = 1;
    for (int i = 0; i < HALVINGS; i++) {
      double middle = (possible + too) / 2;
      if (Power.USUAL.itemsNeeded(middle, margin) <= items) {
        possible = middle;
      } else {
        too = middle;
      }
    }
    return possible;
  }

  /**
   * After how many items a sequence of bets has proven the margin where nothing flips.
   *
   * @param clusters in which they come; none for as many single items as it takes
   */
  static OptionalInt itemsOfBets(Collection<Integer> clusters, double margin) {
    List<Integer> sizes = new ArrayList<>(clusters);
    if (margin >= 1) { // no difference is further from 0, and no bet is lost by one
      return OptionalInt.of(sizes.isEmpty() ? 1 : sizes.getFirst());
    }
    int largest = sizes.stream().mapToInt(Integer::intValue).max().orElse(1);
    var sequence = new BettingSequence(largest, SuiteStatistics.ALPHA);
    for (int i = 0; sizes.isEmpty() || i < sizes.size(); i++) {
      sequence.add(0, sizes.isEmpty() ? 1 : sizes.get(i));
      if (sequence.decision(margin).isPresent()) {
        return OptionalInt.of(sequence.items());
      }
    }
    return OptionalInt.empty();
  }
}
