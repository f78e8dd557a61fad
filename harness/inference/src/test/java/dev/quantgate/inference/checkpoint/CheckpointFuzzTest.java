package dev.quantgate.inference.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.fixture.DamagedBytes;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.inference.fixture.TinyCheckpoint.Format;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Seeded damage to small valid files: every one opens or is refused with an InferenceException; no
 * other exception, no error, no endless loop.
 */
class CheckpointFuzzTest {
  private static final int ROUNDS = 400;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "F16, model.safetensors",
    "GPTQ_ACT_ORDER, model.safetensors",
    "F16_SHARDED, model.safetensors.index.json",
    "F16_BIN, pytorch_model.bin",
    "GPTQ_WHOLE_COLUMN_BIN, gptq_model-4bit--1g.bin",
    "GPTQ_SYMMETRIC, config.json",
    "GPTQ_SYMMETRIC, quantize_config.json"
  })
  void damageIsRefusedOrHarmless(Format format, String name) throws IOException {
    TinyCheckpoint.write(folder, 1, format);
    Path file = folder.resolve(name);
    byte[] sound = Files.readAllBytes(file);
    int refused = 0;
    for (int seed = 0; seed < ROUNDS; seed++) {
      Files.write(file, DamagedBytes.of(sound, new SplittableRandom(seed)));
      try {
        Checkpoints.open(folder).close();
      } catch (InferenceException e) {
        refused++;
        assertThat(e).as("seed %d", seed).message().isNotBlank();
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + seed + " of " + name + " gives " + e, e);
      }
    }
    assertThat(refused).as("the damage reached something").isGreaterThan(ROUNDS / 10);
  }
}
