package dev.quantgate.junit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example project, compiled as it stands and run through the JUnit Platform's launcher. */
class ExampleProjectTest {
  private static final Path EXAMPLE = Path.of("example");
  private static final String CLASS_PATH =
      System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

  @TempDir static Path folder;
  static Path classes;

  @BeforeAll
  static void compile() throws IOException {
    classes = Files.createDirectories(folder.resolve("classes"));
    try (Stream<Path> sources = Files.walk(EXAMPLE.resolve("src"))) {
      List<String> files =
          sources.map(Path::toString).filter(file -> file.endsWith(".java")).toList();
      assertThat(files).hasSizeGreaterThanOrEqualTo(2);
      var arguments =
          Stream.concat(
              Stream.of("-proc:none", "-cp", CLASS_PATH, "-d", classes.toString()), files.stream());
      int exit =
          Objects.requireNonNull(ToolProvider.getSystemJavaCompiler())
              .run(null, null, null, arguments.toArray(String[]::new));
      assertThat(exit).isZero();
    }
  }

  private record Ended(int exit, String output, Path project) {}

  private Ended run(String candidate) throws IOException, InterruptedException {
    Path project = Files.createDirectories(folder.resolve(candidate));
    Files.writeString(project.resolve("pom.xml"), "<project/>");
    Recorded.copy(EXAMPLE.resolve("answers"), project.resolve("answers"));
    Path output = project.resolve("output.txt");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dquantgate.candidate=replay:answers/%s".formatted(candidate),
                "-Dstdout.encoding=UTF-8",
                "-cp",
                "%s:%s".formatted(classes, CLASS_PATH),
                LauncherMain.class.getName(),
                "com.example.ReleaseGateTest",
                "com.example.FurtherRulesTest")
            .directory(project.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(3, TimeUnit.MINUTES)) {
      process.destroyForcibly();
    }
    return new Ended(process.waitFor(), Files.readString(output, StandardCharsets.UTF_8), project);
  }

  @Test
  void itIsGreenWhereTheCandidateKeptItsAccuracy() throws Exception {
    Ended ended = run("int4");
    assertThat(ended.output()).contains("0 failed");
    assertThat(ended.exit()).isZero();
    Path run = ended.project().resolve("target/quantgate/com.example.ReleaseGateTest");
    assertThat(run.resolve("comparison.json")).isNotEmptyFile();
    assertThat(run.resolve("report/junit.xml")).isNotEmptyFile();
    assertThat(run.resolve("report/allure-results/categories.json")).isNotEmptyFile();
  }

  @Test
  void itIsRedWithAMessageThatNamesWhatWasLost() throws Exception {
    Ended ended = run("int4-broken");
    assertThat(ended.exit()).isEqualTo(1);
    assertThat(ended.output())
        .contains(
            "FAILED starter-exam > gate",
            "starter-exam: delta -",
            "baseline 75.0 %, candidate ",
            "  lost chinese_geography/8: ",
            "  and ",
            "FAILED starter-exam > losses > chinese_geography/8",
            "See it: quantgate show target/quantgate/com.example.ReleaseGateTest"
                + " chinese_geography/8",
            "FAILED all suites",
            "Expected suite \"starter-exam\" to lose at most 3 items,")
        .doesNotContain("FAILED starter-nli");
  }
}
