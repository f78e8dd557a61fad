package dev.quantgate.evaluation.run;

import dev.quantgate.base.QuantGateException;
import dev.quantgate.base.Sha256;
import dev.quantgate.base.Version;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.SelfTest;
import dev.quantgate.evaluation.run.Progress.Step;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.SandboxDescription;
import dev.quantgate.sandbox.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Shows of whole suites that a sandbox judges them rightly: every canonical solution passes, and
 * every stub fails. That is done once for a sandbox's identity and a suite's data, and kept.
 */
final class SandboxTests {
  private static final String STUB = "    pass\n";

  private final Optional<Path> cache;
  private final Progress.Listener progress;

  /** By suite, for the second model of a run. */
  private final Map<String, SelfTest> found = new HashMap<>();

  /**
   * @param cache a folder for results; empty to keep none
   */
  SandboxTests(Optional<Path> cache, Progress.Listener progress) {
    this.cache = cache;
    this.progress = progress;
  }

  /**
   * What a sandbox makes of a suite's solutions and stubs.
   *
   * @throws SandboxException of kind SELF_TEST_FAILED, naming the first one that came out otherwise
   */
  SelfTest of(RunSandbox sandbox, RunInProgress run, SuiteTask task) {
    return found.computeIfAbsent(task.suite(), suite -> find(sandbox, run, task));
  }

  private SelfTest find(RunSandbox sandbox, RunInProgress run, SuiteTask task) {
    List<RunSandbox.Sample> problems = RunSandbox.all(run.questions(task));
    Optional<Path> file = cache.map(folder -> file(folder, sandbox.description(), task, problems));
    Optional<SelfTest> known = file.flatMap(SandboxTests::read);
    if (known.isPresent()) {
      return known.get();
    }
    progress.on(new Progress.Started(run.side(), Step.SELF_TEST, task.suite(), problems.size(), 0));
    SelfTest made = test(sandbox, task.suite(), problems);
    progress.on(
        new Progress.Finished(run.side(), Step.SELF_TEST, task.suite(), problems.size(), 0));
    file.ifPresent(place -> write(place, made));
    return made;
  }

  private static SelfTest test(RunSandbox sandbox, String suite, List<RunSandbox.Sample> problems) {
    Map<String, Boolean> expected = new HashMap<>();
    List<ExecutionJob> jobs = new ArrayList<>();
    for (RunSandbox.Sample problem : problems) {
      String solution = problem.key().solution();
      if (!solution.isBlank()) {
        jobs.add(problem.job("canonical solution", solution));
        expected.put(jobs.getLast().id(), true);
      }
      if (!solution.strip().equals(STUB.strip())) {
        jobs.add(problem.job("stub", STUB));
        expected.put(jobs.getLast().id(), false);
      }
    }
    Map<String, Outcome> first = outcomes(sandbox, jobs);
    // A machine that was busy for a moment is no sandbox that judges wrongly.
    List<ExecutionJob> again =
        jobs.stream().filter(job -> !fits(expected, first, job.id())).toList();
    Map<String, Outcome> second = outcomes(sandbox, again);
    for (ExecutionJob job : again) {
      if (!fits(expected, second, job.id())) {
        throw new SandboxException(
            SandboxException.Kind.SELF_TEST_FAILED,
            "the self-test of sandbox %s on %s failed: %s %s, found %s"
                .formatted(
                    sandbox.description().kind(),
                    suite,
                    job.id(),
                    Boolean.TRUE.equals(expected.get(job.id())) ? "must pass" : "must not pass",
                    second.get(job.id())));
      }
    }
    var last = new HashMap<>(first);
    last.putAll(second);
    long solutions = expected.values().stream().filter(passes -> passes).count();
    long unsupported = last.values().stream().filter(Outcome.UNSUPPORTED::equals).count();
    return SelfTest.run(
        SelfTest.Kind.SANDBOX,
        suite,
        jobs.size(),
        0,
        "all %d canonical solutions pass and all %d stubs fail in %s%s"
            .formatted(
                solutions - unsupported,
                jobs.size() - solutions,
                sandbox.description().kind(),
                unsupported == 0
                    ? ""
                    : "; %d need what this sandbox cannot give".formatted(unsupported)));
  }

  private static Map<String, Outcome> outcomes(RunSandbox sandbox, List<ExecutionJob> jobs) {
    Map<String, Outcome> outcomes = new HashMap<>();
    sandbox.run(jobs, result -> outcomes.put(result.id(), result.outcome()));
    return outcomes;
  }

  /** What this kind of sandbox cannot give is a fault of an item, and no wrong verdict. */
  private static boolean fits(
      Map<String, Boolean> expected, Map<String, Outcome> outcomes, String id) {
    Outcome outcome = outcomes.get(id);
    boolean passes = Boolean.TRUE.equals(expected.get(id));
    return passes
        ? outcome == Outcome.PASSED || outcome == Outcome.UNSUPPORTED
        : outcome != null && outcome != Outcome.PASSED && outcome != Outcome.SANDBOX_ERROR;
  }

  /** Named by all that the result follows from. */
  private static Path file(
      Path folder, SandboxDescription sandbox, SuiteTask task, List<RunSandbox.Sample> problems) {
    var hash = new Sha256().add(Version.program()).add(sandbox.kind());
    sandbox.identity().forEach((field, value) -> hash.add(field).add(value));
    hash.add(task.suite()).add(task.origin().sha256());
    problems.forEach(problem -> {
      var job = problem.job("", problem.key().solution());
      hash.add(job.id())
          .add(job.prelude())
          .add(job.prompt())
          .add(job.completion())
          .add(job.test())
          .add(job.entryPoint());
    });
    return folder.resolve("sandbox-tests").resolve("%s.json".formatted(hash.hex()));
  }

  private static Optional<SelfTest> read(Path file) {
    try {
      return Files.isRegularFile(file)
          ? Optional.of(Disk.readPage(file, SelfTest.class))
          : Optional.empty();
    } catch (QuantGateException e) {
      return Optional.empty(); // damaged: it is made again
    }
  }

  private static void write(Path file, SelfTest test) {
    try {
      Files.createDirectories(Disk.parent(file));
      Disk.writePage(file, test);
    } catch (IOException | QuantGateException e) {
      // What could not be kept is made again next time.
    }
  }
}
