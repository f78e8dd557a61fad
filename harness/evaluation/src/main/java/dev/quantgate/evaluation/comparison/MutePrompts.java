package dev.quantgate.evaluation.comparison;

import dev.quantgate.evaluation.record.ItemRecord;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Prompts of which hardly anything reaches a model: its tokenizer knows next to nothing of their
 * language, or takes a whole prompt for one unknown word. Answers to them say nothing of a model.
 */
public final class MutePrompts {
  /** No suite asks a question in so few tokens. */
  private static final int FEW_TOKENS = 3;

  /** A tokenizer that folds case or width makes a few prompts equal, not every tenth one. */
  private static final double KEPT_APART = 0.9;

  private MutePrompts() {}

  /** Why a model's answers to a suite say nothing; empty where tokens are unknown or enough. */
  public static Optional<String> of(List<ItemRecord> records) {
    Set<String> prompts = new HashSet<>();
    Set<String> sequences = new HashSet<>();
    OptionalInt most = OptionalInt.empty();
    for (ItemRecord record : records) {
      if (record.tokensSha256().isPresent()) {
        prompts.add(record.promptSha256());
        sequences.add(record.tokensSha256().get());
      }
      if (record.promptTokens().isPresent()) {
        most = OptionalInt.of(Math.max(most.orElse(0), record.promptTokens().getAsInt()));
      }
    }
    if (most.isPresent() && most.getAsInt() <= FEW_TOKENS) {
      return Optional.of(
          "no prompt has more than %d tokens: hardly anything of the questions reaches the model"
              .formatted(most.getAsInt()));
    }
    if (sequences.size() < KEPT_APART * prompts.size()) {
      return Optional.of(
          "%d different prompts reach the model as %d different texts: its tokenizer does not know their words"
              .formatted(prompts.size(), sequences.size()));
    }
    return Optional.empty();
  }
}
