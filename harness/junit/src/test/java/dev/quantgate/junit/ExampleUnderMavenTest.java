package dev.quantgate.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The example project, its pom as it stands, built by Maven and run by Surefire with both JUnits,
 * and by the launcher of the later one ({@link ExampleProjectTest} has that of the other). What is
 * not yet in this machine's repository is fetched into a folder of the test; a machine without a
 * registry skips what it cannot fetch.
 */
class ExampleUnderMavenTest {
  private static final String THIS_JUNIT = "5.14.4";
  private static final String NEXT_JUNIT = "6.1.3";

  private static final Path MAVEN = Path.of("../../mvnw").toAbsolutePath().normalize();
  private static final Path MACHINES = Path.of(System.getProperty("user.home"), ".m2/repository");
  private static final List<Path> CLASS_PATH =
      Stream.of(
              System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                  .split(File.pathSeparator))
          .map(Path::of)
          .toList();

  @TempDir static Path folder;

  /** Puts the extension where Maven finds what a team would have from a registry. */
  @BeforeAll
  static void theExtensionIsInARepository() throws IOException {
    Path place =
        Files.createDirectories(
            folder.resolve("repository/dev/quantgate/quantgate-junit/0.1.0-SNAPSHOT"));
    Files.writeString(
        place.resolve("quantgate-junit-0.1.0-SNAPSHOT.pom"),
        """
        <project>
          <modelVersion>4.0.0</modelVersion>
          <groupId>dev.quantgate</groupId>
          <artifactId>quantgate-junit</artifactId>
          <version>0.1.0-SNAPSHOT</version>
        </project>
        """);
    var manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest
        .getMainAttributes()
        .put(
            Attributes.Name.CLASS_PATH,
            CLASS_PATH.stream()
                .filter(Predicate.not(ExampleUnderMavenTest::isATestLibrary))
                .map(entry -> entry.toUri().toString())
                .collect(Collectors.joining(" ")));
    new JarOutputStream(
            Files.newOutputStream(place.resolve("quantgate-junit-0.1.0-SNAPSHOT.jar")), manifest)
        .close();
  }

  /** What a team brings itself, or what only this build has. */
  private static boolean isATestLibrary(Path entry) {
    String name = entry.toString().replace(File.separatorChar, '/');
    return name.matches(
        ".*/(org/junit|org/assertj|org/opentest4j|org/apiguardian|allure-ju).*|.*/test-classes/?|.*console.*");
  }

  private record Ended(int exit, String output, Path project) {}

  private static Ended ended(ProcessBuilder builder, Path project) throws Exception {
    Path output = project.resolve("output.txt");
    Process process =
        builder
            .directory(project.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(10, TimeUnit.MINUTES)) {
      process.destroyForcibly();
    }
    return new Ended(process.waitFor(), Files.readString(output, StandardCharsets.UTF_8), project);
  }

  private static Ended maven(String junit, String candidate) throws Exception {
    Path project = folder.resolve("%s-%s".formatted(junit, candidate));
    Recorded.copy(Path.of("example"), project);
    var builder =
        new ProcessBuilder(
            MAVEN.toString(),
            "-B",
            "-Dmaven.repo.local=%s".formatted(folder.resolve("repository")),
            "-Dmaven.repo.local.tail=%s".formatted(MACHINES),
            "-Dmaven.repo.local.tail.ignoreAvailability=true",
            "-Djunit.version=%s".formatted(junit),
            "-Dcandidate=replay:answers/%s".formatted(candidate),
            "test");
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Ended ended = ended(builder, project);
    assumeFalse(
        ended.output().contains("Could not resolve dependencies")
            || ended.output().contains("could not be resolved"),
        "JUnit %s or a plug-in of Maven's is neither here nor in a registry".formatted(junit));
    return ended;
  }

  @Test
  void itIsGreenUnderSurefireWithThisJUnit() throws Exception {
    Ended ended = maven(THIS_JUNIT, "int4");
    assertThat(ended.exit()).as(ended.output()).isZero();
    assertThat(ended.output()).contains("BUILD SUCCESS").doesNotContain("Tests run: 0,");
    assertThat(ended.project().resolve("target/quantgate/com.example.ReleaseGateTest/report"))
        .isNotEmptyDirectory();
  }

  @Test
  void itIsRedUnderSurefireAndGreenUnderTheLauncherWithTheNextJUnit() throws Exception {
    Ended ended = maven(NEXT_JUNIT, "int4-broken");
    assertThat(ended.exit()).as(ended.output()).isEqualTo(1);
    assertThat(ended.output())
        .contains(
            "starter-exam: delta -",
            "  lost chinese_geography/8: ",
            "Expected suite \"starter-exam\" to lose at most 3 items,",
            "BUILD FAILURE");

    Path project = ended.project();
    String classPath =
        Stream.concat(
                Stream.of(project.resolve("target/test-classes")),
                CLASS_PATH.stream().flatMap(ExampleUnderMavenTest::ofNextJUnit))
            .map(Path::toString)
            .collect(Collectors.joining(File.pathSeparator));
    Ended launched =
        ended(
            new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dquantgate.candidate=replay:answers/int4",
                "-cp",
                classPath,
                LauncherMain.class.getName(),
                "com.example.ReleaseGateTest",
                "com.example.FurtherRulesTest"),
            project);
    assertThat(launched.exit()).as(launched.output()).isZero();
    assertThat(launched.output()).contains("0 failed");
  }

  /** The same library of the next JUnit; nothing for what only this build needs. */
  private static Stream<Path> ofNextJUnit(Path entry) {
    String name = entry.toString().replace(File.separatorChar, '/');
    if (name.contains("/allure-ju") || name.contains("testkit") || name.contains("console")) {
      return Stream.empty();
    }
    int at = name.indexOf("/org/junit/");
    if (at < 0) {
      return Stream.of(entry);
    }
    String version = name.replaceAll(".*/([^/]+)/[^/]+$", "$1");
    String next = name.substring(at + 1).replace(version, NEXT_JUNIT);
    return Stream.of(folder.resolve("repository"), MACHINES)
        .map(repository -> repository.resolve(next))
        .filter(Files::exists)
        .limit(1);
  }
}
