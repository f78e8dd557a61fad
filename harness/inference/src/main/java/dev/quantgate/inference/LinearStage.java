package dev.quantgate.inference;

/**
 * The linear layers of a block of the Llama family that share one input, in the order in which they
 * are computed: a place's ordinal is its index in {@link BlockwiseModel#linearStages}.
 */
public enum LinearStage {
  /** Queries, keys and values, from the normed residual stream. */
  ATTENTION_INPUT,
  /** The output projection, from what the heads gathered. */
  ATTENTION_OUTPUT,
  /** Gate and up, from the residual stream normed again. */
  MLP_INPUT,
  /** Down, from the product of both. */
  MLP_OUTPUT
}
