package dev.quantgate.evaluation.run;

import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.SandboxDescription;
import dev.quantgate.sandbox.SandboxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The sandbox of a run: started when it is needed, put to rest while a model takes the memory, and
 * always of the one identity that the run was begun with.
 */
final class Workshop implements AutoCloseable {
  private final Doors doors;
  private final Machinery machinery;
  private final SandboxDescription description;
  private @Nullable CodeSandbox sandbox;

  /** Starts the sandbox and refuses one that is not what was demanded. */
  Workshop(Doors doors, Machinery machinery) {
    this.doors = doors;
    this.machinery = machinery;
    this.sandbox = start();
    this.description = sandbox.description();
    String kind = description.kind();
    Optional<String> required = machinery.requiredSandbox();
    if (required.isPresent() && !required.get().equals(kind)) {
      close();
      throw new EvaluationException(
          EvaluationException.Kind.SETTING,
          "the sandbox must be " + required.get() + " (--require-sandbox), but it is " + kind
              + "; install what `quantgate doctor` names, or demand another");
    }
  }

  private CodeSandbox start() {
    return doors.sandboxes().start(machinery.sandbox(), machinery.sandboxOptions());
  }

  SandboxDescription description() {
    return description;
  }

  /** Ends the workers; the next {@link #run} starts them again. */
  void rest() {
    if (sandbox != null) {
      sandbox.close();
      sandbox = null;
    }
  }

  /** Executes jobs; {@code sink} gets a result for each. */
  void run(List<ExecutionJob> jobs, Consumer<ExecutionResult> sink) {
    if (jobs.isEmpty()) {
      return;
    }
    CodeSandbox workers = sandbox;
    if (workers == null) {
      workers = start();
      sandbox = workers;
      if (!workers.description().kind().equals(description.kind())
          || !workers.description().identity().equals(description.identity())) {
        throw new EvaluationException(
            EvaluationException.Kind.INPUT,
            "the sandbox is another one than at the start of this run: " + description.kind() + " "
                + description.identity() + " then, " + workers.description().kind() + " "
                + workers.description().identity() + " now");
      }
    }
    workers.run(jobs, sink::accept);
  }

  /**
   * Shows that the sandbox can tell right from wrong: the canonical solutions of some problems must
   * pass; a stub, an early exit and text that is no program must not.
   *
   * @throws SandboxException of kind SELF_TEST_FAILED, naming the program
   */
  void selfTest(List<Sample> samples) {
    var expected = new ConcurrentHashMap<String, Boolean>();
    List<ExecutionJob> jobs = new ArrayList<>();
    for (Sample sample : samples) {
      Map<String, Boolean> completions =
          Map.of(
              sample.canonicalSolution(), true,
              "    pass\n", false,
              "    import os\n    os._exit(0)\n", false,
              "    raise SystemExit(0)\n", false,
              "    )(\n", false);
      completions.forEach(
          (completion, passes) -> {
            Key.Program key = sample.key();
            String id = sample.id() + (passes ? " canonical solution" : " wrong program " + jobs.size());
            expected.put(id, passes);
            jobs.add(
                new ExecutionJob(
                    id, key.prelude(), key.prompt(), completion, key.test(), key.entryPoint()));
          });
    }
    run(
        jobs,
        result -> {
          Boolean passes = expected.remove(result.id());
          if (passes == null || passes != (result.outcome() == ExecutionResult.Outcome.PASSED)) {
            throw new SandboxException(
                SandboxException.Kind.SELF_TEST_FAILED,
                "the self-test of sandbox " + description.kind() + " failed: " + result.id()
                    + (Boolean.TRUE.equals(passes) ? " must pass" : " must not pass") + ", found "
                    + result.outcome() + " (" + result.detail() + ")");
          }
        });
    if (!expected.isEmpty()) {
      throw new SandboxException(
          SandboxException.Kind.SELF_TEST_FAILED,
          "the self-test of sandbox " + description.kind() + " failed: no result for "
              + expected.keySet().iterator().next());
    }
  }

  /** A problem whose right answer is known. */
  record Sample(String id, Key.Program key, String canonicalSolution) {}

  @Override
  public void close() {
    rest();
  }
}
