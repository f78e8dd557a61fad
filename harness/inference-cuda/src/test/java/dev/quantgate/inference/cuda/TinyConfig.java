package dev.quantgate.inference.cuda;

import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.ModelConfig.Rope;
import java.util.List;
import java.util.OptionalInt;

/** Configurations of models that differ in a few numbers. */
final class TinyConfig {
  private TinyConfig() {}

  /** A Llama's, its head apart from its embedding, without a window or special tokens. */
  static ModelConfig llama(
      int vocabulary,
      int hidden,
      int inner,
      int layers,
      int heads,
      int keyValueHeads,
      int headSize,
      int context) {
    return new ModelConfig(
        "llama",
        vocabulary,
        hidden,
        inner,
        layers,
        heads,
        keyValueHeads,
        headSize,
        context,
        1e-5,
        new Rope.Default(1e4),
        false,
        false,
        OptionalInt.empty(),
        OptionalInt.empty(),
        List.of());
  }

  static ModelConfig withVocabulary(ModelConfig like, int tokens) {
    return with(like, tokens, like.rope(), like.slidingWindow());
  }

  static ModelConfig withRope(ModelConfig like, Rope rope) {
    return with(like, like.vocabularySize(), rope, like.slidingWindow());
  }

  static ModelConfig withWindow(ModelConfig like, OptionalInt window) {
    return with(like, like.vocabularySize(), like.rope(), window);
  }

  private static ModelConfig with(ModelConfig like, int vocabulary, Rope rope, OptionalInt window) {
    return new ModelConfig(
        like.modelType(),
        vocabulary,
        like.hiddenSize(),
        like.intermediateSize(),
        like.layers(),
        like.heads(),
        like.keyValueHeads(),
        like.headSize(),
        like.contextLength(),
        like.rmsNormEpsilon(),
        rope,
        like.queryKeyNorm(),
        like.tiedEmbeddings(),
        window,
        like.bosId(),
        like.eosIds());
  }
}
