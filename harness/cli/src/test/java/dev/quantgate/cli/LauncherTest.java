package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher at the top of the source tree, as an installation's and as a source tree's. */
class LauncherTest {
  private static final Path LAUNCHER =
      Path.of("..", "..", "quantgate").toAbsolutePath().normalize();

  @TempDir static Path jars;

  /** The program's libraries: the modules' classes are packed, as an installation has them. */
  private static final List<Path> LIBRARIES = new ArrayList<>();

  @TempDir Path folder;

  private record Ended(int exitCode, String out, String err) {}

  @BeforeAll
  static void packTheModules() throws IOException {
    assumeThat(Path.of("/bin/bash")).exists();
    assertThat(LAUNCHER).exists();
    for (Path path : Classes.ofTheProgram()) {
      if (Files.isDirectory(path)) {
        boolean cli = Files.exists(path.resolve("dev/quantgate/cli/Main.class"));
        String name = (cli ? "quantgate-cli-" : "module-") + LIBRARIES.size() + ".jar";
        LIBRARIES.add(jar(path, jars.resolve(name)));
      } else if (Files.exists(path)) {
        LIBRARIES.add(path);
      }
    }
    assertThat(jars).isNotEmptyDirectory();
  }

  private static Path jar(Path classes, Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file);
        var jar = new JarOutputStream(out);
        Stream<Path> files = Files.walk(classes)) {
      for (Path each : files.filter(Files::isRegularFile).toList()) {
        jar.putNextEntry(new JarEntry(classes.relativize(each).toString()));
        Files.copy(each, jar);
      }
    }
    return file;
  }

  private Path installation() throws IOException {
    return installation(LIBRARIES);
  }

  private Path installationWithout(String library) throws IOException {
    return installation(
        LIBRARIES.stream()
            .filter(each -> !each.getFileName().toString().startsWith(library))
            .toList());
  }

  /** bin/quantgate, and a lib that holds the program itself and names the other libraries. */
  private Path installation(List<Path> libraries) throws IOException {
    Path lib = Files.createDirectories(folder.resolve("installed/lib"));
    var others = new StringJoiner(" ");
    for (Path library : libraries) {
      if (library.getFileName().toString().startsWith("quantgate-cli-")) {
        Files.copy(library, lib.resolve(library.getFileName()));
      } else {
        others.add(library.toUri().toASCIIString());
      }
    }
    var manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, others.toString());
    new JarOutputStream(Files.newOutputStream(lib.resolve("libraries.jar")), manifest).close();
    return copyLauncher(Files.createDirectories(folder.resolve("installed/bin")));
  }

  private static Path copyLauncher(Path to) throws IOException {
    Path launcher = Files.copy(LAUNCHER, to.resolve("quantgate"));
    assertThat(launcher.toFile().setExecutable(true)).isTrue();
    return launcher;
  }

  private Process start(Map<String, String> environment, Path launcher, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    var builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(folder.resolve("out").toFile())
            .redirectError(folder.resolve("err").toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("QUANTGATE_"));
    builder.environment().put("QUANTGATE_JAVA", System.getProperty("java.home"));
    // A private folder, which the ids that root's programs run under cannot enter.
    builder.environment().put("TMPDIR", folder.toString());
    builder.environment().put("QUANTGATE_CACHE", folder.resolve("cache").toString());
    builder.environment().putAll(environment);
    return builder.start();
  }

  private Ended end(Process process) throws IOException, InterruptedException {
    boolean ended = process.waitFor(10, TimeUnit.MINUTES);
    process.destroyForcibly();
    assertThat(ended).isTrue();
    return new Ended(
        process.exitValue(),
        Files.readString(folder.resolve("out")),
        Files.readString(folder.resolve("err")));
  }

  private Ended call(Map<String, String> environment, Path launcher, String... arguments)
      throws IOException, InterruptedException {
    return end(start(environment, launcher, arguments));
  }

  @Test
  void anInstallationRunsAndSaysNothingOfItsOwn() throws Exception {
    Ended ended = call(Map.of(), installation(), "--version");
    assertThat(ended.err()).isEmpty();
    assertThat(ended.out()).startsWith("quantgate ");
    assertThat(ended.exitCode()).isZero();
  }

  /** A new user's way, where there is no HOME, a POSIX locale, and Chinese names everywhere. */
  @Test
  void aWalkFromTheDemoToAVerifiedReleaseNeedsNoHomeAndTakesChineseNames() throws Exception {
    Path here = Files.createDirectory(folder.resolve("量化 门"));
    Path launcher = installation();
    Ended demo =
        walk(
            here,
            launcher,
            0,
            "demo",
            "--limit=4",
            "--candidate=rtn",
            "--sandbox=unsafe-local",
            "--out=演示");
    assertThat(demo.out())
        .contains("starter-code", "LIMITED", "result sha256:", "演示/run-rtn/report/index.html");
    assertThat(here.resolve("演示/run-rtn/report/index.html")).isNotEmptyFile();
    assertThat(here.resolve("演示/models/int4-rtn/config.json")).isNotEmptyFile();

    CommandLineTest.recording(here.resolve("基线.jsonl"), 0);
    CommandLineTest.recording(here.resolve("候选.jsonl"), 5);
    Ended lost =
        walk(
            here,
            launcher,
            1,
            "run",
            "--suites=starter-nli",
            "--baseline=replay:基线.jsonl",
            "--candidate=replay:候选.jsonl",
            "--out=发布 一");
    assertThat(lost.out()).contains("FAIL", "starter-nli lost 5:", "发布 一/comparison.json");

    Ended again = walk(here, launcher, 1, "compare", "发布 一/baseline", "发布 一/candidate", "--out=比较");
    assertThat(again.out()).contains("FAIL", "比较/comparison.json");

    walk(here, launcher, 0, "report", "发布 一", "--format=html,junit", "--out=报告");
    assertThat(here.resolve("报告/index.html")).isNotEmptyFile();

    assertThat(walk(here, launcher, 0, "show", "发布 一", "--losses").out())
        .startsWith("starter-nli: lost 5, gained 0");
    assertThat(walk(here, launcher, 0, "verify", "发布 一").out()).contains("result sha256:");

    Files.writeString(here.resolve("题目.jsonl"), "{\"q\": \"一\", \"a\": \"二\"}");
    Files.writeString(
        here.resolve("套件.yaml"),
        "name: zh\ndata: 题目.jsonl\nmetric: exact-match\ntemplate: '{{q}}'\nanswer: a\n");
    assertThat(walk(here, launcher, 0, "suites", "套件.yaml").out())
        .contains("zh", "1 items, sha256");
    try (Stream<Path> left = Files.list(here)) {
      assertThat(left.map(each -> each.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "演示", "基线.jsonl", "候选.jsonl", "发布 一", "比较", "报告", "题目.jsonl", "套件.yaml");
    }
  }

  /** One command as that user types it; what it prints must be text that anyone can read. */
  private Ended walk(Path here, Path launcher, int exitCode, String... arguments)
      throws IOException, InterruptedException {
    var posix = new ArrayList<>(List.of("-u", "HOME", "-u", "LC_ALL", "-C", here.toString()));
    posix.add("LANG=C");
    posix.add("QUANTGATE_CACHE=%s".formatted(here.resolveSibling("缓存")));
    posix.add(launcher.toString());
    posix.addAll(List.of(arguments));
    Ended ended = call(Map.of(), Path.of("/usr/bin/env"), posix.toArray(String[]::new));
    String told = "%s%n%s%n%s".formatted(List.of(arguments), ended.out(), ended.err());
    assertThat(ended.exitCode()).as(told).isEqualTo(exitCode);
    assertThat(ended.out() + ended.err())
        .as(told)
        .doesNotContain("\ufffd", "???", "\\u", "Exception");
    return ended;
  }

  @Test
  void exitCode1IsForALostComparison() throws Exception {
    Path right = CommandLineTest.recording(folder.resolve("right.jsonl"), 0);
    Path worse = CommandLineTest.recording(folder.resolve("worse.jsonl"), 5);
    Ended ended =
        call(
            Map.of(),
            installation(),
            "run",
            "--quiet",
            "--suites=starter-nli",
            "--baseline=replay:" + right,
            "--candidate=replay:" + worse);
    assertThat(ended.out()).contains("FAIL");
    assertThat(ended.exitCode()).isEqualTo(1);
  }

  @Test
  void aJavaThatDoesNotStartIsExitCode2WithItsOwnWords() throws Exception {
    Path launcher = installation();
    for (String option : List.of("-Xmx1x", "-Xmx900000g", "-XX:+NoSuchOption")) {
      Ended ended = call(Map.of("QUANTGATE_JAVA_OPTS", option), launcher, "--version");
      assertThat(ended.exitCode()).as(option).isEqualTo(2);
      assertThat(ended.err())
          .startsWith("quantgate: ")
          .contains("does not start with QUANTGATE_JAVA_OPTS=" + option)
          .containsPattern("Invalid maximum heap size|Could not reserve|Unrecognized VM option")
          .doesNotContain("incubator");
    }
  }

  @Test
  void anInstallationWithoutItsProgramIsExitCode2() throws Exception {
    Ended ended = call(Map.of(), installationWithout("quantgate-cli-"), "--version");
    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(ended.err()).contains("is not a whole installation", "quantgate-cli");
  }

  @Test
  void anInstallationWithoutALibraryIsExitCode2AndOneLine() throws Exception {
    Ended ended = call(Map.of(), installationWithout("picocli-"), "--version");
    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(ended.err().lines()).hasSize(1);
    assertThat(ended.err()).startsWith("quantgate: NoClassDefFoundError: picocli");
  }

  @Test
  void aStandardErrorThatCannotBeRestoredIsExitCode2() throws Exception {
    Path launcher = installation();
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            launcher.resolveSibling("../lib/*").toString(),
            "dev.quantgate.cli.Main",
            "--version");
    var builder =
        new ProcessBuilder(command)
            .redirectOutput(folder.resolve("out").toFile())
            .redirectError(folder.resolve("err").toFile());
    builder.environment().put("QUANTGATE_STDERR", "77");
    Ended ended = end(builder.start());
    assertThat(ended.err())
        .contains("QUANTGATE_STDERR: expected the number of an open descriptor, found 77")
        .doesNotContain("\tat ");
    assertThat(ended.exitCode()).isEqualTo(2);
  }

  @Test
  void theDemoChecksItsSettingsBeforeItMakesAnything() throws Exception {
    Ended ended = call(Map.of(), installation(), "demo", "--limit", "0", "--out", "demo");
    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(ended.err()).startsWith("quantgate: --limit: expected a whole number of at least 1");
    assertThat(folder.resolve("demo")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({"TERM, 143", "HUP, 129"})
  void aSignalToTheLauncherReachesTheProgram(String signal, int exitCode) throws Exception {
    Process process = working();
    // Not INT: what a shell starts in the background may have been told to ignore it.
    kill(signal, process);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).isEqualTo(exitCode);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aLauncherThatIsKilledTakesTheProgramWithIt() throws Exception {
    Process process = working();
    ProcessHandle program = process.children().findFirst().orElseThrow();
    kill("KILL", process);
    program.onExit().get(1, TimeUnit.MINUTES);
    assertThat(program.isAlive()).isFalse();
  }

  /** The launcher of a demo that has begun its work. */
  private Process working() throws Exception {
    Process process = start(Map.of(), installation(), "demo", "--quiet", "--out", "working");
    while (!Files.exists(folder.resolve("working"))) {
      assertThat(process.isAlive()).isTrue();
      Thread.sleep(20);
    }
    return process;
  }

  @ParameterizedTest
  @ValueSource(ints = {1_000_000, 4_700_000, 5_200_000})
  @EnabledOnOs(OS.LINUX)
  void tooLittleMemoryIsNoLostComparison(int kilobytes) throws Exception {
    Ended ended =
        call(
            Map.of(),
            Path.of("/bin/bash"),
            "-c",
            "ulimit -v \"$1\"; shift; exec \"$@\"",
            "-",
            Integer.toString(kilobytes),
            installation().toString(),
            "demo",
            "--limit=2",
            "--sandbox=unsafe-local",
            "--out=" + folder.resolve("demo"));
    assertThat(ended.exitCode()).as(ended.err()).isEqualTo(2);
    assertThat(ended.err()).contains("quantgate: ");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "2, 2",
    "3, 3",
    "85, 1",
    "129, 129",
    "130, 130",
    "131, 131",
    "137, 137",
    "141, 141",
    "143, 143",
    "1, 2",
    "4, 2",
    "64, 2",
    "126, 2",
    "127, 2",
    "134, 2",
    "135, 2",
    "139, 2",
    "255, 2"
  })
  void onlyTheProgramsOwnExitCodesAndSignalsFromOutsideAreHandedOn(int ends, int exitCode)
      throws Exception {
    Path launcher = installation();
    Path java = Files.createDirectories(folder.resolve("jdk/bin")).resolve("java");
    script(
        java,
        """
        case " $* " in
          *' -version '*) echo 'openjdk version "25.0.1" 2025-10-21' >&2 ;;
          *' --dry-run '*) ;;
          *) exit %d ;;
        esac
        """
            .formatted(ends));
    Ended ended =
        call(Map.of("QUANTGATE_JAVA", folder.resolve("jdk").toString()), launcher, "doctor");
    assertThat(ended.exitCode()).isEqualTo(exitCode);
    assertThat(ended.err().contains("gave up with exit code " + ends))
        .isEqualTo(exitCode == 2 && ends != 2);
  }

  private static void kill(String signal, Process process)
      throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
  }

  /** A source tree whose build and Java are stand-ins that note what they are called for. */
  private Path sourceTree() throws IOException {
    Path tree = folder.resolve("tree");
    for (String module : List.of("harness/cli", "benchmarks-data", "sandbox-docker", "reports")) {
      Path sources = Files.createDirectories(tree.resolve(module).resolve("src/main/java"));
      Files.writeString(sources.resolve("A.java"), "class A {}");
      Files.writeString(sources.resolve("B.java"), "class B {}");
    }
    Files.writeString(tree.resolve("pom.xml"), "<project/>");
    script(
        tree.resolve("mvnw"),
        """
        echo built >>builds
        [ ! -f during ] || { touch reports/src/main/java/A.java; rm during; }
        [ ! -f broken ] || { echo '[ERROR] it does not compile'; exit 1; }
        mkdir -p harness/cli/target/quantgate-2/quantgate-2/lib
        touch harness/cli/target/quantgate-2/quantgate-2/lib/quantgate-cli-2.jar
        """);
    Path java = Files.createDirectories(folder.resolve("jdk/bin"));
    script(java.resolve("javac"), "exit 1\n");
    script(
        java.resolve("java"),
        """
        case " $* " in
          *' -version '*) echo 'openjdk version "25.0.1" 2025-10-21' >&2 ;;
          *' --dry-run '*) ;;
          *) echo "$*" ;;
        esac
        """);
    return copyLauncher(tree);
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, "#!/bin/bash\n" + text);
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  private Ended callTree(Path launcher) throws IOException, InterruptedException {
    return call(Map.of("QUANTGATE_JAVA", folder.resolve("jdk").toString()), launcher, "doctor");
  }

  private long builds(Path launcher) throws IOException {
    Path notes = launcher.resolveSibling("builds");
    return Files.exists(notes) ? Files.readAllLines(notes).size() : 0;
  }

  @Test
  void aSourceTreeIsBuiltOnceAndAgainWhenASourceIsChangedOrDeleted() throws Exception {
    Path launcher = sourceTree();
    Path source = launcher.resolveSibling("reports/src/main/java/A.java");
    assertThat(callTree(launcher).exitCode()).isZero();
    assertThat(callTree(launcher).err()).isEmpty();
    assertThat(builds(launcher)).isEqualTo(1);
    Files.writeString(source, "class A { int changed; }");
    callTree(launcher);
    assertThat(builds(launcher)).isEqualTo(2);
    Files.delete(source);
    callTree(launcher);
    assertThat(builds(launcher)).isEqualTo(3);
    assertThat(callTree(launcher).err()).isEmpty();
    assertThat(builds(launcher)).isEqualTo(3);
  }

  @Test
  void whatChangesDuringABuildIsBuiltByTheNextCall() throws Exception {
    Path launcher = sourceTree();
    Files.createFile(launcher.resolveSibling("during"));
    callTree(launcher);
    callTree(launcher);
    assertThat(builds(launcher)).isEqualTo(2);
    callTree(launcher);
    assertThat(builds(launcher)).isEqualTo(2);
  }

  @Test
  void theBuildOfAnotherVersionIsNoLongerThere() throws Exception {
    Path launcher = sourceTree();
    callTree(launcher);
    Path old = launcher.resolveSibling("harness/cli/target/quantgate-1/quantgate-1/lib");
    Files.createFile(Files.createDirectories(old).resolve("quantgate-cli-1.jar"));
    Ended ended = callTree(launcher);
    assertThat(ended.exitCode()).isZero();
    assertThat(ended.out()).contains("/quantgate-2/lib/*").doesNotContain("quantgate-1");
    assertThat(old).doesNotExist();
  }

  @Test
  void aBuildThatFailsIsExitCode2AndIsTriedAgain() throws Exception {
    Path launcher = sourceTree();
    Path broken = Files.createFile(launcher.resolveSibling("broken"));
    Ended ended = callTree(launcher);
    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(ended.err()).contains("[ERROR] it does not compile", "the build failed");
    Files.delete(broken);
    assertThat(callTree(launcher).exitCode()).isZero();
    assertThat(builds(launcher)).isEqualTo(2);
  }
}
