package dev.quantgate.inference.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.checkpoint.ModelConfig.Rope;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.inference.fixture.TinyCheckpoint.Format;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What real writers put into config.json and generation_config.json, read as transformers does. */
class ConfigVariantsTest {
  @TempDir private Path folder;

  private ModelConfig config(Map<String, Object> changes, Map<String, Object> generation)
      throws IOException {
    TinyCheckpoint.write(folder, 1, Format.F16);
    Map<String, Object> config = new LinkedHashMap<>(TinyCheckpoint.config(Format.F16));
    config.putAll(changes);
    TinyCheckpoint.write(folder.resolve("config.json"), config);
    TinyCheckpoint.write(folder.resolve("generation_config.json"), generation);
    return Checkpoints.config(folder);
  }

  @Test
  void anAnswerEndsAtEitherConfigsEos() throws IOException {
    ModelConfig config =
        config(Map.of("eos_token_id", List.of(7, 9)), Map.of("eos_token_id", List.of(8, 7)));
    assertThat(config.eosIds()).containsExactly(8, 7, 9);
    assertThat(config.bosId()).isEqualTo(OptionalInt.empty());
  }

  @Test
  void aNegativeIdIsNoToken() throws IOException {
    ModelConfig config =
        config(
            Map.of("bos_token_id", -1, "eos_token_id", List.of(-1, 9)), Map.of("eos_token_id", -1));
    assertThat(config.bosId()).isEqualTo(OptionalInt.empty());
    assertThat(config.eosIds()).containsExactly(9);
  }

  static Stream<Arguments> ropesWithLeftovers() {
    return Stream.of(
        Arguments.of(
            Map.of("rope_type", "default", "factor", 4.0, "original_max_position_embeddings", 64),
            new Rope.Default(10000)),
        Arguments.of(
            Map.of("type", "linear", "factor", 4.0, "original_max_position_embeddings", 64),
            new Rope.Linear(10000, 4)),
        Arguments.of(
            Map.of(
                "type",
                "yarn",
                "factor",
                1.0,
                "original_max_position_embeddings",
                64,
                "finetuned",
                true),
            new Rope.Yarn(10000, 1, 64, 32, 1, 1)));
  }

  @ParameterizedTest
  @MethodSource("ropesWithLeftovers")
  void aKeyOfAnotherRopeTypeIsIgnoredWhereTheTypeIsSaid(Map<String, Object> scaling, Rope rope)
      throws IOException {
    assertThat(config(Map.of("rope_scaling", scaling), Map.of()).rope()).isEqualTo(rope);
  }

  @Test
  void aFactorWithoutATypeIsRefused() {
    assertThatExceptionOfType(InferenceException.class)
        .isThrownBy(() -> config(Map.of("rope_scaling", Map.of("factor", 4.0)), Map.of()))
        .withMessageContaining("\"rope_scaling.factor\" = \"4.0\" is not known");
  }
}
