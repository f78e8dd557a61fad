package dev.quantgate.quantization;

/** Whether a group's range is taken as it is, or shrunk where that lowers the loss. */
public enum ClipSearch {
  NONE,
  /**
   * The error of each weight counts by its input's share in the Hessian; compensation is ignored.
   */
  WEIGHTED,
  /**
   * Each range is tried by quantising the whole group on it, compensation included, and the one
   * with the lowest GPTQ loss is kept. Falls back to {@link #WEIGHTED} where a group is not taken
   * in one piece (static groups, groups of more than 128 inputs).
   */
  FULL
}
