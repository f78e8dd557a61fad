package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What takes a minute each, by {@code harness/dev/disturb} only: a run that is stopped, whose clock
 * jumps, whose disk is full and then read-only, beside all that {@link DisturbedRunTest} does.
 */
class DisturbedRuns extends DisturbedRunTest {
  private static final Path FAKE_CLOCK =
      Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1");

  @Test
  void itIsStoppedAndGoesOn() throws Exception {
    var random = new SplittableRandom(SEED);
    Process process = start(out, Map.of());
    for (int i = 0; i < 4 && process.isAlive(); i++) {
      Thread.sleep(random.nextLong(milliseconds / 4));
      signal("STOP", process);
      Thread.sleep(400);
      signal("CONT", process);
    }
    assertEnded(process, out);
    assertSame("after stops", out);
  }

  @Test
  void theClockJumps() throws Exception {
    assumeThat(Files.exists(FAKE_CLOCK)).as("libfaketime (Debian: faketime)").isTrue();
    Path clock = Files.writeString(folder.resolve("clock"), "+0");
    Map<String, String> environment =
        Map.of(
            "LD_PRELOAD",
            FAKE_CLOCK.toString(),
            "FAKETIME_TIMESTAMP_FILE",
            clock.toString(),
            "FAKETIME_NO_CACHE",
            "1",
            "FAKETIME_DONT_FAKE_MONOTONIC",
            "1");
    Process process = start(out, environment);
    for (String offset : List.of("+400d", "-3d", "-20y", "+0")) {
      if (process.waitFor(milliseconds / 5, TimeUnit.MILLISECONDS)) {
        break;
      }
      Files.writeString(clock, offset);
    }
    assertEnded(process, out);
    assertSame("with a clock that jumps", out);
  }

  @Test
  void theDiskIsFullAndThenReadOnly() throws Exception {
    assumeThat(System.getProperty("user.name")).as("who may mount").isEqualTo("root");
    Path disk = Files.createDirectory(folder.resolve("disk"));
    assumeThat(mount("-t", "tmpfs", "-o", "size=24k", "tmpfs", disk.toString()))
        .as("mounting works here")
        .isZero();
    try {
      Path run = disk.resolve("run");
      for (String change : List.of("size=24k", "size=48k", "size=64m,ro")) {
        assertThat(mount("-o", "remount,%s".formatted(change), disk.toString())).isZero();
        Files.deleteIfExists(log(out));
        Process process = start(run, log(out), Map.of());
        assertThat(process.waitFor(MINUTES, TimeUnit.MINUTES)).isTrue();
        String said = said(log(out));
        assertThat(process.exitValue()).as(said).isEqualTo(2);
        assertThat(said)
            .contains(run.toString())
            .containsAnyOf("No space left on device", "Read-only file system")
            .doesNotContain("defect");
        assertThat(said.strip().lines()).hasSizeLessThanOrEqualTo(2);
      }
      assertThat(mount("-o", "remount,size=64m,rw", disk.toString())).isZero();
      Files.delete(log(out));
      Process process = start(run, log(out), Map.of());
      assertEnded(process, out);
      assertSame("on a disk that was full and read-only", run);
    } finally {
      new ProcessBuilder("umount", disk.toString()).start().waitFor();
    }
  }

  private static void signal(String name, Process process) throws Exception {
    new ProcessBuilder("kill", "-%s".formatted(name), Long.toString(process.pid()))
        .start()
        .waitFor();
  }

  private static int mount(String... arguments) throws Exception {
    return new ProcessBuilder(Stream.concat(Stream.of("mount"), Stream.of(arguments)).toList())
        .start()
        .waitFor();
  }
}
