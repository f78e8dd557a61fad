package dev.quantgate.sandbox.worker;

import dev.quantgate.base.fixture.OfficialData;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.SandboxPrograms;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Jobs to test with: HumanEval where it is at hand, and a small problem that always is. */
public final class Problems {
  private Problems() {}

  /** A problem with a known answer. */
  public static ExecutionJob twice(String id, String completion) {
    return SandboxPrograms.twice(id, completion);
  }

  public static ExecutionJob right(String id) {
    return twice(id, "    return 2 * x\n");
  }

  /** A program under a test that forgives every exception, as no good test would. */
  public static ExecutionJob underATestThatCatchesAll(String id, String completion) {
    ExecutionJob plain = twice(id, completion);
    String test =
        """
        def check(candidate):
            for i in range(3):
                try:
                    assert candidate(i) == 2 * i
                except:
                    pass
        """;
    return new ExecutionJob(id, "", plain.prompt(), completion, test, plain.entryPoint());
  }

  /** HumanEval.jsonl.gz, as it is committed. */
  public static Path humanEval() {
    return OfficialData.humanEval();
  }

  /** All problems, each with the text that {@code answer} names: canonical_solution or another. */
  public static List<ExecutionJob> humanEval(
      Path file, java.util.function.Function<JsonNode, String> answer) {
    try (var in = new GZIPInputStream(Files.newInputStream(file))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank())
          .map(line -> JsonMapper.shared().readTree(line))
          .map(row ->
              new ExecutionJob(
                  row.path("task_id").asString(),
                  "",
                  row.path("prompt").asString(),
                  answer.apply(row),
                  row.path("test").asString(),
                  row.path("entry_point").asString()))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static String canonical(JsonNode row) {
    return row.path("canonical_solution").asString();
  }

  public static String stub(JsonNode row) {
    return "    return None\n";
  }
}
