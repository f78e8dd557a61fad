package dev.quantgate.inference.checkpoint;

import java.util.Optional;

/**
 * The weights of one linear layer as the checkpoint stores them: y[outputs] = W[outputs, inputs] x
 * + bias.
 */
public sealed interface Linear {
  /** The layer's name without ".weight", such as "model.layers.0.self_attn.q_proj". */
  String name();

  int outputs();

  int inputs();

  /** {@code [outputs]}, where the layer has one. */
  Optional<Tensor> bias();

  /** 16- or 32-bit floating point, {@code [outputs, inputs]} row-major. */
  record Dense(String name, Tensor weight, Optional<Tensor> bias) implements Linear {
    @Override
    public int outputs() {
      return Math.toIntExact(weight.shape()[0]);
    }

    @Override
    public int inputs() {
      return Math.toIntExact(weight.shape()[1]);
    }
  }

  /**
   * GPTQ codes. With K inputs and N outputs: {@code W[n][k] = fp16(scales[g][n] * (code(k, n) -
   * zero(g, n)))} where {@code g = groupOf(k)}.
   *
   * @param bits bits of a code: 4
   * @param groupSize inputs of a group; K where the checkpoint says -1
   * @param qweight I32 {@code [K * bits / 32, N]}: consecutive inputs in a word, lowest bits first
   * @param qzeros I32 {@code [groups, N * bits / 32]}: consecutive outputs in a word
   * @param zeroPoints how a word of qzeros is read
   * @param scales F16 or BF16 {@code [groups, N]}
   * @param groupIndex I32 {@code [K]}, the group of each input, where it is not {@code k /
   *     groupSize}
   */
  record Gptq(
      String name,
      int bits,
      int groupSize,
      int inputs,
      int outputs,
      Tensor qweight,
      Tensor qzeros,
      ZeroPoints zeroPoints,
      Tensor scales,
      Optional<Tensor> groupIndex,
      Optional<Tensor> bias)
      implements Linear {}
}
