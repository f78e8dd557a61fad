package dev.quantgate.evaluation.gate;

import dev.quantgate.evaluation.pairs.SuitePairs;
import java.util.List;

/** Judges the pairs of all suites of a comparison at once. */
public interface Gate {
  /** More than this share of a suite's items in faults, and its pairs say nothing. */
  double FAULT_SHARE = 0.01;

  /** The gate of a policy. */
  static Gate of(GatePolicy policy) {
    return new PairedGate(policy);
  }

  Judgement judge(List<SuitePairs> suites);

  /**
   * Whether a suite whose items are asked in random order is decided by those that came up to now.
   *
   * @param suite with {@link SuitePairs#stopping}
   * @param suites that will be judged together
   */
  boolean decided(SuitePairs suite, int suites);
}
