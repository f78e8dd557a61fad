package dev.quantgate.evaluation.gate;

import java.util.List;

/**
 * What a gate makes of a comparison.
 *
 * @param verdict over all suites
 * @param suites a ruling for each suite, in their order
 */
public record Judgement(Verdict verdict, List<Ruling> suites) {
  public Judgement {
    suites = List.copyOf(suites);
  }

  /** The judgement that follows from its suites alone. */
  public static Judgement of(List<Ruling> suites) {
    return new Judgement(Verdict.of(suites.stream().map(Ruling::verdict).toList()), suites);
  }

  /** A suite's verdict and the line that says what it rests on. */
  public record Ruling(String suite, Verdict verdict, String reason) {}
}
