package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.quantgate.benchmarks.BenchmarkData;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/**
 * A run whose own disk is full. The disk is a small one of the test's, which only root can make.
 */
class FullDiskTest {
  private static final List<String> RECORDS =
      List.of("baseline/starter-nli.jsonl", "candidate/starter-nli.jsonl");

  @TempDir static Path once = Path.of("");
  private static Path answers = Path.of("");
  private static Path whole = Path.of("");

  @TempDir Path folder = Path.of("");

  private record Ended(int exitCode, String err) {}

  @BeforeAll
  static void runWithRoom() throws IOException {
    answers = recording();
    whole = once.resolve("whole");
    assertThat(run(answers, whole).exitCode()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 25, 40, 60, 80})
  void itEndsWithOneClearLineAndIsContinuedWhenThereIsRoom(int percent) throws Exception {
    assumeThat(System.getProperty("user.name")).as("who may mount").isEqualTo("root");
    long pages = pages(whole) * percent / 100;
    assertThat(pages).isGreaterThan(2);

    Path disk = Files.createDirectory(folder.resolve("disk"));
    assumeThat(mount("-t", "tmpfs", "-o", "size=" + 4 * pages + "k", "tmpfs", disk.toString()))
        .as("mounting works here")
        .isZero();
    try {
      Path out = disk.resolve("run");
      Ended full = run(answers, out);
      assertThat(full.exitCode()).isEqualTo(2);
      assertThat(full.err())
          .contains(out.toString())
          .contains("No space left on device")
          .doesNotContain("Exception");
      assertThat(full.err().strip().lines()).hasSizeLessThanOrEqualTo(2);
      assertThat(out.resolve("comparison.json")).doesNotExist();

      assertThat(mount("-o", "remount,size=64m", disk.toString())).isZero();
      Ended continued = run(answers, out);
      assertThat(continued.err()).isEmpty();
      assertThat(continued.exitCode()).isZero();
      for (String each : RECORDS) {
        assertThat(out.resolve(each)).hasSameBinaryContentAs(whole.resolve(each));
      }
    } finally {
      assertThat(new ProcessBuilder("umount", disk.toString()).start().waitFor()).isZero();
    }
  }

  /**
   * What the files of a result take on a disk of 4 KiB pages; not the reports, for which a result
   * need have no room.
   */
  private static long pages(Path top) throws IOException {
    try (Stream<Path> all = Files.walk(top)) {
      return all.filter(Files::isRegularFile)
          .filter(file -> !file.startsWith(top.resolve("report")))
          .mapToLong(file -> (file.toFile().length() + 4095) / 4096)
          .sum();
    }
  }

  private static int mount(String... arguments) throws Exception {
    return new ProcessBuilder(Stream.concat(Stream.of("mount"), Stream.of(arguments)).toList())
        .start()
        .waitFor();
  }

  private static Ended run(Path answers, Path out) {
    var err = new StringWriter();
    CommandLine command =
        Program.commandLine()
            .setOut(new PrintWriter(new StringWriter(), true))
            .setErr(new PrintWriter(err, true));
    int exitCode =
        Program.execute(
            command,
            "run",
            "--quiet",
            "--suites",
            "starter-nli",
            "--out",
            out.toString(),
            "--baseline",
            "replay:" + answers,
            "--candidate",
            "replay:" + answers);
    return new Ended(exitCode, err.toString());
  }

  private static Path recording() throws IOException {
    var data = BenchmarkData.starterNli();
    return Files.write(
        once.resolve("answers.jsonl"),
        data.pairs().stream()
            .map(pair ->
                "{\"id\": \"%s\", \"answer\": \"%s\"}"
                    .formatted(pair.id(), pair.label().name().toLowerCase(Locale.ROOT)))
            .toList());
  }
}
