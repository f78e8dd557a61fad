package dev.quantgate.evaluation.gate;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Optional;

/**
 * What a gate makes of a comparison.
 *
 * @param finding what the pairs of all suites show
 * @param verdict over all suites, after policy
 * @param proven whether the verdict is what the pairs show, on whole suites
 * @param obstacles why the comparison as a whole says nothing: suites that the policy names and the
 *     runs lack; empty where it does
 * @param pooled all suites that say something, each weighing the same; empty with fewer than two
 * @param suites a ruling for each suite, in their order
 */
public record Judgement(
    Finding finding,
    Verdict verdict,
    boolean proven,
    List<String> obstacles,
    Optional<PooledDelta> pooled,
    List<Ruling> suites) {
  public Judgement {
    obstacles = List.copyOf(obstacles);
    suites = List.copyOf(suites);
  }

  /**
   * One suite.
   *
   * @param finding what its pairs show
   * @param verdict after policy; INVALID where the finding is UNINFORMATIVE, which is then no part
   *     of the whole
   * @param proven whether the verdict is what the pairs show, on the whole suite
   * @param reason one line that says what the verdict rests on
   * @param evidence of the graded pairs; empty where the pairs say nothing
   * @param withFaults of all pairs, where some have faults: a missing answer of the candidate
   *     counts as wrong, one of the baseline as right; the worse of both holds
   */
  public record Ruling(
      String suite,
      Finding finding,
      Verdict verdict,
      boolean proven,
      String reason,
      Optional<Evidence> evidence,
      Optional<Evidence> withFaults) {}

  /**
   * The mean delta of several suites in percentage points, with bounds that each hold in 95 of 100
   * cases.
   *
   * @param marginPoints mean of the suites' margins
   * @param withinMargin whether a loss of the margin or more is excluded for the mean
   */
  @JsonInclude
  public record PooledDelta(
      int suites,
      double deltaPoints,
      double lowerPoints,
      double upperPoints,
      double marginPoints,
      boolean withinMargin) {}
}
