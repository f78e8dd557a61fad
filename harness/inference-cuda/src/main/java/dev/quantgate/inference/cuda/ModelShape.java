package dev.quantgate.inference.cuda;

import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.ModelConfig.Rope;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/** Shapes of well-known models, to be measured without their checkpoints. */
enum ModelShape {
  CODELLAMA_34B("codellama-34b", "llama", 8192, 22016, 48, 64, 8, 32000, 16384, 1e6),
  LLAMA_7B("llama-7b", "llama", 4096, 11008, 32, 32, 32, 32000, 4096, 1e4),
  QWEN2_5_7B("qwen2.5-7b", "qwen2", 3584, 18944, 28, 28, 4, 152064, 32768, 1e6);

  private static final int HEAD_SIZE = 128;

  private final String shapeName;
  private final ModelConfig config;

  ModelShape(
      String shapeName,
      String type,
      int hidden,
      int inner,
      int layers,
      int heads,
      int kvHeads,
      int vocabulary,
      int context,
      double theta) {
    this.shapeName = shapeName;
    this.config =
        new ModelConfig(
            type,
            vocabulary,
            hidden,
            inner,
            layers,
            heads,
            kvHeads,
            HEAD_SIZE,
            context,
            1e-5,
            new Rope.Default(theta),
            false,
            false,
            OptionalInt.empty(),
            OptionalInt.empty(),
            List.of());
  }

  /** What a user types. */
  String shapeName() {
    return shapeName;
  }

  ModelConfig config() {
    return config;
  }

  static ModelShape of(String name) {
    return Arrays.stream(values())
        .filter(shape -> shape.shapeName.equals(name))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "unknown shape \"%s\"; known: %s"
                    .formatted(
                        name,
                        Arrays.stream(values())
                            .map(ModelShape::shapeName)
                            .collect(Collectors.joining(", ")))));
  }
}
