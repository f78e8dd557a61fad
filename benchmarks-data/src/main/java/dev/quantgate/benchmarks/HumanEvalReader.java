package dev.quantgate.benchmarks;

import dev.quantgate.benchmarks.SuiteData.CodeProblem;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads HumanEval.jsonl as openai/human-eval publishes it. */
final class HumanEvalReader {
  private static final Set<String> KEYS =
      new LinkedHashSet<>(
          List.of("task_id", "prompt", "entry_point", "canonical_solution", "test"));

  private static final Pattern ID = Pattern.compile("[\\p{Graph}&&\\p{ASCII}]{1,200}");
  private static final Pattern NAME = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_]{0,200}");

  private HumanEvalReader() {}

  /**
   * The problems of a file, in its order.
   *
   * @throws DataException naming the first line that is no problem, or that repeats a task_id
   */
  static List<CodeProblem> read(String file, byte[] content) {
    var problems = new ArrayList<CodeProblem>();
    Map<String, Integer> lines = new HashMap<>();
    for (var row : JsonLines.read(file, content, KEYS)) {
      String id = row.get("task_id");
      String entryPoint = row.get("entry_point");
      if (!ID.matcher(id).matches()) {
        throw new DataException(
            "%s, line %d: expected a task_id such as HumanEval/0, found %s"
                .formatted(file, row.line(), Text.shown(id)));
      }
      if (!NAME.matcher(entryPoint).matches()) {
        throw new DataException(
            "%s, line %d: expected a Python name under \"entry_point\", found %s"
                .formatted(file, row.line(), Text.shown(entryPoint)));
      }
      for (String key : List.of("prompt", "test")) {
        if (row.get(key).isBlank()) {
          throw new DataException(
              "%s, line %d: expected a text under \"%s\", found none"
                  .formatted(file, row.line(), key));
        }
      }
      Integer earlier = lines.putIfAbsent(id, row.line());
      if (earlier != null) {
        throw new DataException(
            "%s, line %d: expected each task_id once, found %s again (first on line %d)"
                .formatted(file, row.line(), Text.shown(id), earlier));
      }
      problems.add(
          new CodeProblem(
              id, row.get("prompt"), entryPoint, row.get("canonical_solution"), row.get("test")));
    }
    return problems;
  }
}
