package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.benchmarks.BenchmarkData;
import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.Sandboxes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The bundled programming problems are sound: meets them with the sandbox, which only a face sees.
 */
class StarterCodeTest {
  @Test
  void eachCanonicalSolutionPassesAndEachStubFails() {
    var code = BenchmarkData.starterCode();
    assertThat(code.size()).isGreaterThanOrEqualTo(60);
    List<ExecutionJob> jobs = new ArrayList<>();
    for (SuiteData.CodeProblem problem : code.problems()) {
      jobs.add(job("solution " + problem.id(), problem, problem.canonicalSolution()));
      jobs.add(job("stub " + problem.id(), problem, "    pass\n"));
    }
    Map<String, Outcome> outcomes = new HashMap<>();
    try (CodeSandbox sandbox = Sandboxes.open(Sandboxes.AUTO, SandboxOptions.defaults())) {
      sandbox.run(jobs, result -> outcomes.put(result.id(), result.outcome()));
    }
    assertThat(outcomes).hasSize(2 * code.size());
    outcomes.forEach((id, outcome) ->
        assertThat(outcome)
            .as(id)
            .isEqualTo(id.startsWith("solution") ? Outcome.PASSED : Outcome.FAILED));
  }

  private static ExecutionJob job(String id, SuiteData.CodeProblem problem, String completion) {
    return new ExecutionJob(
        id, "", problem.prompt(), completion, problem.test(), problem.entryPoint());
  }
}
