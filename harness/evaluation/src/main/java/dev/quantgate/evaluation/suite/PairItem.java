package dev.quantgate.evaluation.suite;

import dev.quantgate.base.Sha256;
import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.benchmarks.SuiteData.Label;
import dev.quantgate.benchmarks.SuiteData.SentencePair;
import dev.quantgate.evaluation.protocol.Item;
import java.util.List;

/**
 * Two sentences. Pairs with the same first sentence, the premise, depend on each other; they are
 * told by the beginning of its SHA-256.
 */
record PairItem(SentencePair pair) implements Item {

  static List<PairItem> of(SuiteData.Pairs pairs) {
    return pairs.pairs().stream().map(PairItem::new).toList();
  }

  @Override
  public String id() {
    return pair.id();
  }

  @Override
  public String stratum() {
    return pair.label().name();
  }

  @Override
  public String cluster() {
    return Sha256.hex(pair.first()).substring(0, 16);
  }

  @Override
  public int choices() {
    return Label.values().length;
  }
}
