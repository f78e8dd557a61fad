package dev.quantgate.evaluation.record;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Optional;

/**
 * What judging needs to know of an item where its data is not: its place, what it is averaged with,
 * and what it depends on.
 *
 * @param ordinal its place in the whole suite, from 0, whatever was drawn of it
 * @param stratum what averages are taken over, such as C-Eval's subject or CMNLI's label; empty
 *     where a suite has none
 * @param category what strata belong to, such as C-Eval's "STEM"; empty where a suite has none
 * @param cluster what items have in common that depend on each other: C-Eval's subject, a hash of
 *     CMNLI's premise, a HumanEval problem; empty where it is not known
 * @param choices how many answers there are to choose from; 0 where the answer is written freely
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record ItemFacts(
    int ordinal, String stratum, String category, Optional<String> cluster, int choices) {
  public ItemFacts {
    if (ordinal < 0 || choices < 0) {
      throw new IllegalArgumentException(
          "counts below 0: ordinal %d, choices %d".formatted(ordinal, choices));
    }
  }

  /** The share of right answers that guessing gets: 0 where nothing is to be chosen from. */
  public double chance() {
    return choices == 0 ? 0 : 1.0 / choices;
  }
}
