package dev.quantgate.evaluation.run;

import dev.quantgate.evaluation.answer.Grader;
import dev.quantgate.evaluation.answer.Grader.Graded;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.ExecutionLine;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.ItemTiming;
import java.util.List;

/** The last phase of a run: records of all items, and the list of its files that finishes it. */
final class RecordPhase {
  private RecordPhase() {}

  static void write(RunInProgress run) {
    run.tasks().forEach(task -> write(run, task));
    run.folder().writeSelfTests(run.selfTests());
    run.folder().finish();
  }

  private static void write(RunInProgress run, SuiteTask task) {
    List<Graded> graded = run.graded(task);
    List<ItemTiming> timings =
        graded.stream().map(each -> ItemTiming.of(each.line(), executed(run, task, each))).toList();
    Disk.writeLines(run.folder().timings(task.suite()), timings);
    Disk.writeLines(run.folder().records(task.suite()), records(run, task, graded));
  }

  /** The records of answers whose programs were executed. */
  static List<ItemRecord> records(RunInProgress run, SuiteTask task, List<Graded> graded) {
    var grader = new Grader(task);
    return graded.stream().map(each -> grader.record(each, executed(run, task, each))).toList();
  }

  private static List<ExecutionLine> executed(RunInProgress run, SuiteTask task, Graded graded) {
    return graded.programs().stream()
        .map(program -> run.execution(task, program).orElseThrow())
        .toList();
  }
}
