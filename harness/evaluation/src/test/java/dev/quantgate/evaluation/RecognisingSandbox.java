package dev.quantgate.evaluation;

import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.benchmarks.SuiteData.CodeProblem;
import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.SandboxDescription;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/** A sandbox that runs nothing: a completion passes that is the problem's canonical solution. */
record RecognisingSandbox(Set<String> right) implements CodeSandbox {

  static RecognisingSandbox of(SuiteData data) {
    var right = new HashSet<String>();
    if (data instanceof SuiteData.Code code) {
      for (CodeProblem problem : code.problems()) {
        right.add(problem.prompt() + problem.canonicalSolution());
      }
    }
    return new RecognisingSandbox(right);
  }

  @Override
  public SandboxDescription description() {
    return new SandboxDescription("recognising", true, new TreeMap<>(), new TreeMap<>());
  }

  @Override
  public void run(List<ExecutionJob> jobs, ResultSink sink) {
    for (ExecutionJob job : jobs) {
      boolean passes = right.contains(job.prompt() + job.completion());
      sink.accept(new ExecutionResult(job.id(), passes ? Outcome.PASSED : Outcome.FAILED, ""));
    }
  }

  @Override
  public void close() {}
}
