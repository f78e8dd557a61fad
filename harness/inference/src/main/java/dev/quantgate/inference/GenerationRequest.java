package dev.quantgate.inference;

/**
 * A prompt to be continued.
 *
 * @param seed with the prompt and the decoding the only thing that a sampled answer follows from:
 *     not its place in a call, nor what else is asked. Greedy decoding does not look at it.
 */
public record GenerationRequest(Prompt prompt, long seed) {
  /** A prompt with seed 0. */
  public GenerationRequest(Prompt prompt) {
    this(prompt, 0);
  }
}
