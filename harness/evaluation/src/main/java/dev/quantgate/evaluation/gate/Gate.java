package dev.quantgate.evaluation.gate;

import dev.quantgate.evaluation.pairs.SuitePairs;
import java.util.List;

/** Judges the pairs of all suites of a comparison at once. */
public interface Gate {

  Judgement judge(List<SuitePairs> suites);
}
