package dev.quantgate.evaluation.run;

import dev.quantgate.evaluation.answer.Grader.Graded;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.ExecutionLine;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.Journal;
import dev.quantgate.evaluation.record.Program;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.Seal;
import dev.quantgate.evaluation.record.SelfTest;
import dev.quantgate.evaluation.run.Progress.Step;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.SandboxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The second phase of a run: every program that was written and that no earlier session has
 * executed is executed, equal ones once.
 */
final class ExecutionPhase {
  private final RunSandbox sandbox;
  private final SandboxTests tests;
  private final Progress.Listener progress;
  private final List<StepCounter> counters = new ArrayList<>();
  private final List<Journal<ExecutionLine>> journals = new ArrayList<>();

  /** Results by the program's hash. */
  private final Map<String, ExecutionLine> known = new HashMap<>();

  /** Who waits for a program, by its hash. */
  private final Map<String, List<Pending>> wanted = new LinkedHashMap<>();

  /** Those for whom an equal program's result is there already. */
  private final List<Pending> answered = new ArrayList<>();

  ExecutionPhase(RunSandbox sandbox, SandboxTests tests, Progress.Listener progress) {
    this.sandbox = sandbox;
    this.tests = tests;
    this.progress = progress;
  }

  private record Pending(
      RunInProgress run,
      String suite,
      Program program,
      Journal<ExecutionLine> journal,
      StepCounter counter) {
    void accept(ExecutionLine line) {
      journal.append(line);
      run.keep(suite, line);
      counter.advance(!line.outcome().judged());
    }
  }

  /**
   * Executes what all runs wrote.
   *
   * @param finished a run in the same sandbox, whose programs are not executed again
   */
  void execute(List<RunInProgress> runs, Optional<FinishedRun> finished) {
    finished.ifPresent(this::know);
    for (RunInProgress run : runs) {
      run.executions().stream()
          .filter(line -> line.outcome().judged())
          .forEach(line -> known.putIfAbsent(line.program(), line));
    }
    try {
      for (RunInProgress run : runs) {
        run.tasks().stream().filter(SuiteTask::ofPrograms).forEach(task -> collect(run, task));
      }
      if (!wanted.isEmpty()) {
        selfTest(runs.getFirst());
      }
      runs.forEach(this::testWhole);
      counters.forEach(StepCounter::announce);
      for (Pending pending : answered) {
        pending.accept(
            Optional.ofNullable(known.get(pending.program().hash()))
                .orElseThrow()
                .as(pending.program()));
      }
      if (!wanted.isEmpty()) {
        runWanted();
      }
      counters.forEach(StepCounter::finish);
    } finally {
      journals.forEach(Journal::close);
    }
  }

  private void know(FinishedRun run) {
    for (String suite : run.identity().suites()) {
      Path executions = new RunFolder(run.folder()).executions(suite);
      if (Files.exists(executions)) {
        Disk.readLines(
            executions,
            Seal.SCHEMA_VERSION,
            ExecutionLine.class,
            line -> {
              if (line.outcome().judged()) {
                known.putIfAbsent(line.program(), line);
              }
            });
      }
    }
  }

  /** Finds a suite's programs that have no result. */
  private void collect(RunInProgress run, SuiteTask task) {
    Journal<ExecutionLine> journal = run.folder().openExecutions(task.suite(), line -> {});
    journals.add(journal);
    List<Program> programs =
        run.graded(task).stream().map(Graded::programs).flatMap(List::stream).toList();
    var counter =
        new StepCounter(progress, run.side(), Step.EXECUTING, task.suite(), programs.size());
    counters.add(counter);
    for (Program program : programs) {
      if (run.execution(task, program).filter(line -> line.outcome().judged()).isPresent()) {
        counter.begin(1);
        continue;
      }
      var pending = new Pending(run, task.suite(), program, journal, counter);
      if (known.containsKey(program.hash())) {
        answered.add(pending);
      } else {
        wanted.computeIfAbsent(program.hash(), key -> new ArrayList<>()).add(pending);
      }
    }
  }

  private void runWanted() {
    List<ExecutionJob> jobs =
        wanted.values().stream().map(same -> same.getFirst().program().job()).toList();
    sandbox.run(jobs, this::accept);
    if (!wanted.isEmpty()) {
      throw new SandboxException(
          SandboxException.Kind.LOST,
          "the sandbox gave no result for %d programs; repeat the command"
              .formatted(wanted.size()));
    }
  }

  private void accept(ExecutionResult result) {
    List<Pending> same = wanted.remove(result.id());
    if (same == null) {
      throw new SandboxException(
          SandboxException.Kind.LOST,
          "the sandbox gave a result that nobody waits for: %s".formatted(result.id()));
    }
    same.forEach(pending -> pending.accept(ExecutionLine.of(pending.program(), result)));
  }

  /** Has every problem's solution pass and every stub fail, unless that was shown before. */
  private void testWhole(RunInProgress run) {
    for (SuiteTask task : run.tasks()) {
      if (!task.ofPrograms() || run.selfTest(SelfTest.Kind.SANDBOX, task.suite()).isPresent()) {
        continue;
      }
      if (wanted.isEmpty() && answered.isEmpty()) {
        run.keep(
            SelfTest.notRun(
                SelfTest.Kind.SANDBOX,
                task.suite(),
                "not run: this session executed nothing, and no earlier one wrote it down"));
      } else {
        run.keep(tests.of(sandbox, run, task));
      }
    }
  }

  /** Tries the sandbox on the first, the middle and the last problem of each suite. */
  private void selfTest(RunInProgress run) {
    List<RunSandbox.Sample> samples =
        run.tasks().stream()
            .filter(SuiteTask::ofPrograms)
            .flatMap(task -> RunSandbox.samples(run.questions(task)).stream())
            .toList();
    String suite = run.tasks().getFirst().suite();
    progress.on(new Progress.Started(run.side(), Step.SELF_TEST, suite, samples.size(), 0));
    sandbox.selfTest(samples);
    progress.on(new Progress.Finished(run.side(), Step.SELF_TEST, suite, samples.size(), 0));
  }
}
