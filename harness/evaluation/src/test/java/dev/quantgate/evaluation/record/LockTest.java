package dev.quantgate.evaluation.record;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LockTest {
  private static final int TAKEN = 0;
  private static final int REFUSED = 7;

  @Test
  void aFolderThatOneProcessHasIsRefusedToAnotherUntilItIsGivenBack(@TempDir Path folder)
      throws IOException, InterruptedException {
    try (Lock _ = Lock.take(folder)) {
      assertThat(taken(folder)).isEqualTo(REFUSED);
      assertThat(taken(folder)).isEqualTo(REFUSED);
    }
    assertThat(folder).isEmptyDirectory();
    assertThat(taken(folder)).isEqualTo(TAKEN);
  }

  /** How another process fares with a folder. */
  private static int taken(Path folder) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Other.class.getName(),
                folder.toString())
            .inheritIO()
            .start();
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    return process.exitValue();
  }

  /** The other process. */
  static final class Other {
    public static void main(String[] arguments) {
      try (Lock _ = Lock.take(Path.of(arguments[0]))) {
        System.out.flush();
      } catch (EvaluationException e) {
        System.exit(e.kind() == EvaluationException.Kind.LOCKED ? REFUSED : 8);
      }
    }
  }
}
