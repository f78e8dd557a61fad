package dev.quantgate.sandbox.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Parts of the supervisor by themselves, on this machine's Python, without processes or a clock.
 */
class SupervisorTest {
  private static final Path PYTHON = Path.of("/usr/bin/python3");

  @TempDir Path folder;

  /** What a program prints that imports the supervisor. */
  private String printed(String program) throws IOException {
    assumeTrue(Files.isExecutable(PYTHON), "needs /usr/bin/python3");
    Files.writeString(
        folder.resolve("supervisor.py"),
        WorkerScripts.resource("/dev/quantgate/sandbox/worker/supervisor.py"));
    Files.writeString(folder.resolve("roles.py"), "");
    Process process =
        new ProcessBuilder(PYTHON.toString(), "-B", "-c", program)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
  }

  /** What the two versions' files say of the same group. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "anon %d;file 9000;kernel 7;shmem 4096|low 0;high 0;max 3;oom 1;oom_kill %d",
        "cache 9;rss 1;total_cache 5;total_rss %d;total_shmem 4096"
            + "|oom_kill_disable 0;under_oom 0;oom_kill %d"
      })
  void memoryIsWhatAControlGroupSaysBesidesTheSupervisorsOwn(String statistics, String events)
      throws IOException {
    String program =
        """
        import os, supervisor
        form = [each.replace(";", chr(10)) + chr(10) for each in ("%s", "%s")]
        def say(*numbers):
            for name, text, number in zip(("statistics", "events"), form, numbers):
                with open(name, "w") as file:
                    file.write(text %% number)
        say(1000, 2)
        group = supervisor.MemoryGroup(os.open("statistics", 0), os.open("events", 0))
        said = [group.held()]
        say(501000, 2)
        said.append(group.held())
        say(900, 3)
        said += [group.held() > 1 << 60, group.kills()]
        group.reset()
        print(*said, group.held())
        """
            .formatted(statistics, events);
    assertThat(printed(program)).isEqualTo("0 500000 True 3 -100");
  }

  @Test
  void aJobThatWaitsLongForAProcessorIsShownToLiveEverySecondAllTheWhile() throws IOException {
    String program =
        """
        import supervisor
        now, shown = 100.0, []
        supervisor.time = type("Clock", (), {"monotonic": staticmethod(lambda: now)})
        supervisor.starved_seconds = lambda pid: 4.5
        wire = type("Wire", (), {"show_life": lambda self: shown.append(now - 100)})()
        deadline = supervisor.Deadline(now, 1.0, lambda: ("7", "8"), wire)
        while not deadline.has_come():
            now += 0.125
        print(now - 100, deadline.starved, *shown)
        """;
    assertThat(printed(program)).isEqualTo("10.0 9.0 1.0 2.0 3.0 4.0 5.0 6.0 7.0 8.0 9.0");
  }
}
