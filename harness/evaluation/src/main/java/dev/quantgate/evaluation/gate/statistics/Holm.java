package dev.quantgate.evaluation.gate.statistics;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Holm's correction: several tests together are wrong with a probability of at most alpha if each
 * adjusted p is compared with alpha (Holm, Scandinavian Journal of Statistics 6, 1979).
 */
public final class Holm {
  private Holm() {}

  /** Bonferroni's correction, which is never smaller: each p times the number of tests. */
  public static List<Double> bonferroni(List<Double> p, int tests) {
    return p.stream().map(each -> Math.min(1, tests * each)).toList();
  }

  /** The adjusted p of each, in the order given. */
  public static List<Double> adjust(List<Double> p) {
    List<Integer> order =
        IntStream.range(0, p.size()).boxed().sorted(Comparator.comparing(p::get)).toList();
    double[] adjusted = new double[p.size()];
    double largest = 0;
    for (int rank = 0; rank < order.size(); rank++) {
      int at = order.get(rank);
      largest = Math.max(largest, Math.min(1, (p.size() - rank) * p.get(at)));
      adjusted[at] = largest;
    }
    return IntStream.range(0, adjusted.length).mapToObj(i -> adjusted[i]).toList();
  }
}
