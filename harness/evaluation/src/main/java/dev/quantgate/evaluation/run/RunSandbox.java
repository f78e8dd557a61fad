package dev.quantgate.evaluation.run;

import dev.quantgate.evaluation.answer.Services;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.SuiteIdentity;
import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.SandboxDescription;
import dev.quantgate.sandbox.SandboxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The sandbox of a run. It is started first, as its identity is part of the run's and a machine
 * without one should say so before a model answers for hours, and stays: its idle workers cost
 * little, and starting some kinds takes longer than running a suite's programs.
 */
final class RunSandbox implements AutoCloseable {
  private static final List<String> WRONG =
      List.of(
          "    pass\n",
          "    import os\n    os._exit(0)\n",
          "    raise SystemExit(0)\n",
          "    )(\n");

  private final CodeSandbox sandbox;

  /** Notes and results come from any thread; who hears of them wants one at a time. */
  private final Object telling = new Object();

  /** Starts the sandbox and refuses one that is not what was demanded. */
  RunSandbox(Services services, RunEnvironment environment, Consumer<String> notes) {
    this.sandbox =
        services
            .sandboxes()
            .start(
                environment.sandbox(),
                environment
                    .sandboxOptions()
                    .withNotes(note -> {
                      synchronized (telling) {
                        notes.accept(note);
                      }
                    }));
    String kind = sandbox.description().kind();
    Optional<String> required = environment.requiredSandbox();
    if (required.isPresent() && !required.get().equals(kind)) {
      close();
      throw new EvaluationException(
          EvaluationException.Kind.SETTING,
          ("the sandbox must be %s (--require-sandbox), but it is %s; install what `quantgate "
                  + "doctor` names, or demand another")
              .formatted(required.get(), kind));
    }
  }

  /** What must be equal for a run to be continued in it. */
  SuiteIdentity.Sandbox identity() {
    return new SuiteIdentity.Sandbox(
        sandbox.description().kind(), sandbox.description().identity());
  }

  /** As it is now: some facts, as how often a worker was replaced, change. */
  SandboxDescription description() {
    return sandbox.description();
  }

  /** Executes jobs; {@code sink} gets a result for each. */
  void run(List<ExecutionJob> jobs, Consumer<ExecutionResult> sink) {
    if (jobs.isEmpty()) {
      return;
    }
    sandbox.run(
        jobs,
        result -> {
          synchronized (telling) {
            sink.accept(result);
          }
        });
  }

  /**
   * Shows that the sandbox can tell right from wrong: the canonical solutions of some problems must
   * pass, where the data has any; a stub, an early exit and text that is no program must not,
   * unless it is the solution.
   *
   * @throws SandboxException of kind SELF_TEST_FAILED, naming the program
   */
  void selfTest(List<Sample> samples) {
    var expected = new ConcurrentHashMap<String, Boolean>();
    List<ExecutionJob> jobs = new ArrayList<>();
    for (Sample sample : samples) {
      String right = sample.key().solution().strip();
      if (!right.isEmpty()) {
        jobs.add(sample.job("canonical solution", sample.key().solution()));
        expected.put(jobs.getLast().id(), true);
      }
      for (String wrong : WRONG) {
        if (!wrong.strip().equals(right)) {
          jobs.add(sample.job("wrong program %s".formatted(jobs.size()), wrong));
          expected.put(jobs.getLast().id(), false);
        }
      }
    }
    run(
        jobs,
        result -> {
          Boolean passes = expected.remove(result.id());
          if (passes == null || passes != (result.outcome() == ExecutionResult.Outcome.PASSED)) {
            throw new SandboxException(
                SandboxException.Kind.SELF_TEST_FAILED,
                "the self-test of sandbox %s failed: %s%s, found %s (%s)"
                    .formatted(
                        description().kind(),
                        result.id(),
                        Boolean.TRUE.equals(passes) ? " must pass" : " must not pass",
                        result.outcome(),
                        result.detail()));
          }
        });
    if (!expected.isEmpty()) {
      throw new SandboxException(
          SandboxException.Kind.SELF_TEST_FAILED,
          "the self-test of sandbox %s failed: no result for %s"
              .formatted(description().kind(), expected.keySet().iterator().next()));
    }
  }

  /**
   * The first, middle and last problem whose solution is known; of all problems where none is.
   *
   * @param questions of a suite of programs, in their order
   */
  static List<Sample> samples(List<Question> questions) {
    List<Sample> all = all(questions);
    List<Sample> solved = all.stream().filter(sample -> !sample.key.solution().isBlank()).toList();
    List<Sample> from = solved.isEmpty() ? all : solved;
    int last = from.size() - 1;
    return IntStream.of(0, last / 2, last)
        .filter(index -> index >= 0)
        .distinct()
        .mapToObj(from::get)
        .toList();
  }

  /** All problems. */
  static List<Sample> all(List<Question> questions) {
    return questions.stream()
        .<Sample>mapMulti((question, sink) -> {
          if (question.key() instanceof Key.Program key) {
            sink.accept(new Sample(question.id(), key));
          }
        })
        .toList();
  }

  /** A problem to test with. */
  record Sample(String id, Key.Program key) {
    /** A completion as a job; {@code what} it is becomes part of its id. */
    ExecutionJob job(String what, String completion) {
      return new ExecutionJob(
          id + " " + what, key.prelude(), key.prompt(), completion, key.test(), key.entryPoint());
    }
  }

  @Override
  public void close() {
    sandbox.close();
  }
}
