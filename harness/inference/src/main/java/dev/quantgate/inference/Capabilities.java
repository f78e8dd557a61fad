package dev.quantgate.inference;

import java.util.OptionalInt;

/**
 * What a model can be asked.
 *
 * @param scoring whether it gives log-probabilities of continuations
 * @param promptLogProbabilities whether it gives them for the prompt's tokens too
 * @param tokenIds whether token ids are known
 * @param chatTemplate whether it can render {@link Prompt.Chat}
 * @param contextLength the most tokens prompt and answer may have together; empty where unknown
 */
public record Capabilities(
    boolean scoring,
    boolean promptLogProbabilities,
    boolean tokenIds,
    boolean chatTemplate,
    OptionalInt contextLength) {}
