package dev.quantgate.evaluation.gate.statistics;

/**
 * The interval of delta of graded items: the wider, on each side, of the cluster bootstrap, which
 * is right where clusters are many and differ, and of {@link BettingSequence}, which keeps its
 * width where they do not.
 */
public final class GradedInterval {
  private GradedInterval() {}

  /** The interval of delta; the same clusters and seed give the same one. */
  public static Interval of(Clusters clusters, double alpha, long seed) {
    return ClusterBootstrap.of(clusters, alpha, seed).hull(BettingSequence.of(clusters, alpha));
  }
}
