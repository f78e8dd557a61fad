package dev.quantgate.evaluation.gate;

import java.util.Collection;
import java.util.Comparator;

/** What is decided, in the order in which the verdict of several suites is found. */
public enum Verdict {
  /** The comparison says nothing about the models. Never a pass. */
  INVALID(2),
  /** The candidate lost more than the margin. */
  FAIL(1),
  /** Neither shown, under the policy that reports it. */
  INCONCLUSIVE(3),
  /** The candidate is as good as the margin asks. */
  PASS(0);

  private final int exitCode;

  Verdict(int exitCode) {
    this.exitCode = exitCode;
  }

  /** The exit code of a process that ends in this verdict. */
  public int exitCode() {
    return exitCode;
  }

  /** INVALID wins, then FAIL, then INCONCLUSIVE, then PASS; nothing at all is INVALID. */
  public static Verdict of(Collection<Verdict> suites) {
    return suites.stream().min(Comparator.naturalOrder()).orElse(INVALID);
  }
}
