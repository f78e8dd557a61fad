package dev.quantgate.inference.checkpoint;

import java.util.List;
import java.util.Optional;

/**
 * An open checkpoint folder: checked against its config, weights mapped and never copied. Tensors
 * are valid until it is closed.
 */
public interface Checkpoint extends AutoCloseable {
  ModelConfig config();

  /** {@code [vocabulary, hidden]}. */
  Tensor embedding();

  List<Block> blocks();

  /** {@code [hidden]}. */
  Tensor finalNorm();

  /** {@code [vocabulary, hidden]}; the embedding where the two are tied. */
  Linear head();

  /** Bytes of all weight tensors in the files. */
  long weightBytes();

  /** For people: "F16", "BF16", "int4 g64 sym". */
  String weightFormat();

  String weightsSha256();

  String configSha256();

  @Override
  void close();

  /** One transformer block. Norms are {@code [hidden]}, query and key norms {@code [headSize]}. */
  record Block(
      Tensor inputNorm,
      Linear query,
      Linear key,
      Linear value,
      Linear output,
      Optional<Tensor> queryNorm,
      Optional<Tensor> keyNorm,
      Tensor postAttentionNorm,
      Linear gate,
      Linear up,
      Linear down) {

    /**
     * The linear layers in the order in which they are computed, those together that share an
     * input, as {@link dev.quantgate.inference.LinearStage} names them.
     */
    public List<List<Linear>> stages() {
      return List.of(List.of(query, key, value), List.of(output), List.of(gate, up), List.of(down));
    }

    /** The same, one after the other. */
    public List<Linear> linears() {
      return stages().stream().flatMap(List::stream).toList();
    }
  }
}
