package dev.quantgate.inference.checkpoint;

import java.util.List;
import java.util.OptionalInt;

/**
 * The architecture of a decoder of the Llama family, from config.json in its old or new form.
 *
 * @param modelType "llama", "mistral", "qwen2" or "qwen3"
 * @param contextLength max_position_embeddings
 * @param queryKeyNorm RMSNorm over each query and key head before RoPE (Qwen3)
 * @param tiedEmbeddings the embedding is the head
 * @param slidingWindow how many positions back, itself included, a token sees; empty for all
 * @param eosIds ids that end an answer, from generation_config.json, else config.json
 */
public record ModelConfig(
    String modelType,
    int vocabularySize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int keyValueHeads,
    int headSize,
    int contextLength,
    double rmsNormEpsilon,
    Rope rope,
    boolean queryKeyNorm,
    boolean tiedEmbeddings,
    OptionalInt slidingWindow,
    OptionalInt bosId,
    List<Integer> eosIds) {

  public ModelConfig {
    eosIds = List.copyOf(eosIds);
  }

  /** The same shape with another number of blocks. */
  public ModelConfig withLayers(int count) {
    return new ModelConfig(
        modelType,
        vocabularySize,
        hiddenSize,
        intermediateSize,
        count,
        heads,
        keyValueHeads,
        headSize,
        contextLength,
        rmsNormEpsilon,
        rope,
        queryKeyNorm,
        tiedEmbeddings,
        slidingWindow,
        bosId,
        eosIds);
  }

  /** Rotary position embedding: how the angle of each pair of elements grows with the position. */
  public sealed interface Rope {
    double theta();

    record Default(double theta) implements Rope {}

    record Linear(double theta, double factor) implements Rope {}

    record Llama3(
        double theta,
        double factor,
        double lowFrequencyFactor,
        double highFrequencyFactor,
        int originalLength)
        implements Rope {}

    record Yarn(
        double theta,
        double factor,
        int originalLength,
        double betaFast,
        double betaSlow,
        double attentionFactor)
        implements Rope {}
  }
}
