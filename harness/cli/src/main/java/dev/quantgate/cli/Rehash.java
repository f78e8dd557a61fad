package dev.quantgate.cli;

import dev.quantgate.evaluation.QuantGate;
import java.util.List;
import picocli.CommandLine.Option;

/** What a command takes that loads models: whether their files are read for their sums again. */
final class Rehash {
  @Option(
      names = "--rehash",
      description = "read weight files again, whatever is known of their sums")
  boolean wanted;

  /** Forgets what is known of the models' files, where that is wanted. */
  void apply(QuantGate quantGate, List<String> references) {
    if (wanted) {
      quantGate.forgetSums(references);
    }
  }
}
