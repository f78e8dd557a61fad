package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A sample of {@link MangledInputs}; {@code harness/dev/mangle COUNT SEED} takes as many as one
 * likes. A seed that a failure names is tried alone by {@code harness/dev/mangle 1 SEED}.
 */
class MangledInputsTest {
  private static final int COUNT = Integer.getInteger("quantgate.mangled", 120);
  private static final long SEED = Long.getLong("quantgate.seed", 1);
  private static final int TOLD = 40;

  @TempDir Path folder = Path.of("");

  @Test
  void damagedFilesAreRefusedInALineOrDoNoHarm() throws IOException {
    var inputs = new MangledInputs(folder, COUNT > 1000);
    assertThat(inputs.refusedThoughSound()).isEmpty();
    List<String> wrong = new ArrayList<>();
    int refused = 0;
    for (long seed = SEED; seed < SEED + COUNT && wrong.size() < TOLD; seed++) {
      MangledInputs.Ended ended = inputs.damage(seed);
      refused += ended.refused() ? 1 : 0;
      ended.wrong().ifPresent(each -> wrong.add("%s%n%s".formatted(ended.what(), each)));
    }
    assertThat(wrong).isEmpty();
    if (COUNT > 100) {
      assertThat(refused).as("the damage reached something").isBetween(COUNT / 4, COUNT - 1);
    }
  }
}
