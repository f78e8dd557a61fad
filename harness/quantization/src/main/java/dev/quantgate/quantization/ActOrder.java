package dev.quantgate.quantization;

/**
 * In which order GPTQ takes the inputs of a layer. None of them scatters groups: in the file, input
 * k always belongs to group k / group size, which is what fast kernels want.
 */
public enum ActOrder {
  /** As they are stored. */
  NONE,
  /**
   * Groups with the most active input first, and inside a group the most active input first. Grids
   * are found when a group's turn comes, from weights that already make up for earlier errors.
   */
  GROUP_AWARE,
  /**
   * The most active input of all first; grids are fixed beforehand from the weights as they are.
   */
  STATIC_GROUPS
}
