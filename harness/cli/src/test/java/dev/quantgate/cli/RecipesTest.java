package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.quantgate.benchmarks.DemoPair;
import dev.quantgate.cli.JenkinsStandIn.Ended;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * The recipes of {@code reports/recipes}: parsed, and their commands run by the shell that the CI
 * server would take, with the demo's baseline and a recorded candidate.
 */
class RecipesTest {
  private static final Path RECIPES = Path.of("..", "..", "reports", "recipes");
  private static final YAMLMapper YAML =
      YAMLMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
  private static final String RIGHT = "right.jsonl";
  private static final String WRONG = "wrong.jsonl";

  /** What is kept between jobs: the baseline is asked once for all tests. */
  @TempDir static Path kept;

  @TempDir Path workspace;
  private final Map<String, String> environment = new TreeMap<>();

  @BeforeAll
  static void bash() {
    assumeThat(Path.of("/bin/bash")).exists();
  }

  @BeforeEach
  void twoModelsLieInTheWorkspace() throws IOException {
    Path models = Files.createDirectories(workspace.resolve("models"));
    Files.createSymbolicLink(
        models.resolve("fp16"), DemoPair.unpack(kept.resolve("demo")).fp16().toAbsolutePath());
    Files.createDirectories(workspace.resolve("benchmark-files"));
    CommandLineTest.recording(workspace.resolve(RIGHT), 0);
    CommandLineTest.recording(workspace.resolve(WRONG), 150);
    Path program = workspace.resolve("quantgate");
    Files.writeString(
        program,
        """
        #!/bin/sh
        case $1 in run) fast= ;; *) fast=-XX:TieredStopAtLevel=1 ;; esac # kernels need the second compiler
        exec '%s' $fast --add-modules jdk.incubator.vector \\
          --enable-native-access=ALL-UNNAMED -cp '%s' dev.quantgate.cli.Main "$@"
        """
            .formatted(Path.of(System.getProperty("java.home"), "bin", "java"), Classes.path()));
    assertThat(program.toFile().setExecutable(true)).isTrue();
  }

  /** What a job sets by itself to try a recipe out. */
  private Map<String, String> tried(String candidate) {
    return Map.of(
        "QUANTGATE_LIMIT", "40",
        "QUANTGATE", workspace.resolve("quantgate").toString(),
        "QUANTGATE_CACHE", kept.resolve("cache").toString(),
        "SUITES", "starter-nli",
        "CANDIDATE", "replay:%s".formatted(candidate));
  }

  /** Runs commands; gives the exit code and all that was printed. */
  private Ended shell(String commands, String... options) throws Exception {
    List<String> command = new ArrayList<>(List.of("/bin/bash"));
    command.addAll(List.of(options));
    File log = workspace.resolve("log").toFile();
    Path script = Files.writeString(workspace.resolve("script"), commands);
    command.add(script.toString());
    var builder =
        new ProcessBuilder(command)
            .directory(workspace.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log);
    builder.environment().keySet().removeIf(name -> name.startsWith("QUANTGATE"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    boolean ended = process.waitFor(3, TimeUnit.MINUTES);
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    assertThat(ended).as(commands).isTrue();
    return new Ended(process.exitValue(), Files.readString(log.toPath()));
  }

  private static Map<String, String> strings(JsonNode mapping) {
    var strings = new HashMap<String, String>();
    mapping.forEachEntry((key, value) -> strings.put(key, value.asString()));
    return strings;
  }

  /**
   * A workflow's steps: those that run commands are run, in order, as far as their condition says.
   */
  private List<String> githubJob(Map<String, String> tried, String last) throws Exception {
    JsonNode workflow = YAML.readTree(RECIPES.resolve("github-actions.yml"));
    Path output = workspace.resolve("github-output");
    Files.writeString(output, "");
    environment.putAll(strings(workflow.path("env")));
    environment.putAll(tried);
    environment.put("GITHUB_OUTPUT", output.toString());
    environment.put("GITHUB_STEP_SUMMARY", workspace.resolve("summary").toString());
    List<String> told = new ArrayList<>();
    boolean failed = false;
    for (JsonNode step : workflow.path("jobs").path("gate").path("steps")) {
      assertThat(step.has("run")).as("%s", step).isNotEqualTo(step.has("uses"));
      if (step.has("run") && (!failed || step.path("if").asString("").contains("!cancelled()"))) {
        Ended ended = shell(step.path("run").asString(), "-e");
        failed |= ended.exitCode() != 0;
        told.add("%s: %d\n%s".formatted(name(step), ended.exitCode(), ended.output()));
      } else {
        told.add(name(step));
      }
      if (name(step).equals(last)) {
        break;
      }
    }
    assertThat(Files.readString(output)).matches("key=[0-9a-f]{32}\n");
    return told;
  }

  private static String name(JsonNode step) {
    return step.path("name").asString(step.path("uses").asString());
  }

  @Test
  void githubsJobIsRedWhereTheCandidateLostAndGreenWhereItDidNot() throws Exception {
    List<String> lost = githubJob(tried(WRONG), "Keep the result");

    assertThat(lost)
        .satisfiesOnlyOnce(
            step -> assertThat(step).startsWith("Ask and judge: 1\n").contains("FAIL ("))
        .satisfiesOnlyOnce(
            step -> assertThat(step).startsWith("Tell: 0\n").contains("::error title="));
    assertThat(workspace.resolve("summary")).content().startsWith("### QuantGate: FAIL (");
    assertThat(workspace.resolve("accuracy/history")).isNotEmptyDirectory();

    // The next push: a workspace as checkout makes it, with the cache of the one before.
    delete(workspace.resolve("accuracy/result"));
    List<String> passed = githubJob(tried(RIGHT), "Ask and judge");

    assertThat(passed)
        .satisfiesOnlyOnce(step ->
            assertThat(step)
                .startsWith("Ask and judge: 0\n")
                .contains("baseline: reused, ")
                .contains("PASS ("));
    assertThat(lost).last().isEqualTo("Keep the result");
    assertThat(workspace.resolve("accuracy/result/report/junit.xml")).isNotEmptyFile();
  }

  @Test
  void githubsCachesAreSavedAfterALossTooAndHoldWhatIsReused() throws Exception {
    JsonNode workflow = YAML.readTree(RECIPES.resolve("github-actions.yml"));
    Map<String, List<JsonNode>> caches = new HashMap<>();
    for (JsonNode step : workflow.path("jobs").path("gate").path("steps")) {
      String action = step.path("uses").asString("").replaceFirst("@v[0-9]+$", "");
      if (action.startsWith("actions/cache/")) {
        caches.computeIfAbsent(action, _ -> new ArrayList<>()).add(step);
      }
    }
    List<JsonNode> restored = caches.getOrDefault("actions/cache/restore", List.of());
    List<JsonNode> saved = caches.getOrDefault("actions/cache/save", List.of());

    assertThat(saved)
        .hasSize(2)
        .allMatch(step -> step.path("if").asString().contains("!cancelled()"));
    assertThat(restored).hasSize(2);
    for (int i = 0; i < 2; i++) {
      for (String key : List.of("path", "key")) {
        assertThat(saved.get(i).path("with").path(key))
            .isEqualTo(restored.get(i).path("with").path(key));
      }
    }
    assertThat(saved.getFirst().path("with").path("path").asString())
        .isEqualTo("%s/baselines", workflow.path("env").path("QUANTGATE_CACHE").asString());
  }

  @Test
  void gitlabsJobEndsWithTheVerdictsExitCodeAndLeavesWhatItNamesAsArtefacts() throws Exception {
    JsonNode job = YAML.readTree(RECIPES.resolve("gitlab-ci.yml")).path("accuracy");
    environment.putAll(strings(job.path("variables")));
    environment.putAll(tried(WRONG));
    environment.put("GITLAB_CI", "true");
    List<String> lines = new ArrayList<>();
    job.path("script").forEach(line -> lines.add(line.asString()));

    Ended ended = shell(String.join("\n", lines), "-eo", "pipefail");

    assertThat(ended.exitCode()).as(ended.output()).isEqualTo(1);
    assertThat(ended.output()).contains("FAIL (");
    JsonNode artifacts = job.path("artifacts");
    assertThat(workspace.resolve(artifacts.path("reports").path("junit").asString()))
        .isNotEmptyFile();
    assertThat(artifacts.path("paths"))
        .isNotEmpty()
        .allSatisfy(path -> assertThat(workspace.resolve(path.asString())).exists());
    assertThat(artifacts.path("when").asString()).isEqualTo("always");
    assertThat(job.path("cache")).allMatch(each -> each.path("when").asString().equals("always"));
    assertThat(job.path("allow_failure").path("exit_codes").asInt()).isEqualTo(3);
  }

  @Test
  void jenkinsPipelinePassesAndFailsByTheExitCode() throws Exception {
    JenkinsStandIn passed = jenkins(tried(RIGHT));

    assertThat(passed.result()).as(passed.told()).isEqualTo("SUCCESS");
    assertThat(passed.steps()).contains("junit", "archiveArtifacts");
    assertThat(workspace.resolve("accuracy/result/report/junit.xml")).isNotEmptyFile();
    assertThat(workspace.resolve("accuracy/history")).isNotEmptyDirectory();

    JenkinsStandIn broken = jenkins(tried("nowhere.jsonl"));
    assertThat(broken.result()).isEqualTo("FAILURE: accuracy: exit code 2");
    assertThat(broken.steps()).contains("junit", "archiveArtifacts");
  }

  private JenkinsStandIn jenkins(Map<String, String> tried) throws Exception {
    environment.put("JENKINS_URL", "http://localhost/");
    return JenkinsStandIn.run(
        Files.readString(RECIPES.resolve("Jenkinsfile")),
        tried,
        (variables, commands) -> {
          environment.putAll(variables);
          return shell(commands, "-xe");
        });
  }

  private static void delete(Path folder) throws IOException {
    dev.quantgate.base.FolderTree.delete(folder);
  }
}
