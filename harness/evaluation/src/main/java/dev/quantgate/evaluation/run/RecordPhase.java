package dev.quantgate.evaluation.run;

import dev.quantgate.evaluation.answer.Grader;
import dev.quantgate.evaluation.answer.Grader.Graded;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.ExecutionLine;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.ItemTiming;
import java.util.ArrayList;
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
    var grader = new Grader(task);
    List<ItemRecord> records = new ArrayList<>();
    List<ItemTiming> timings = new ArrayList<>();
    for (Graded graded : run.graded(task)) {
      List<ExecutionLine> executed =
          graded.programs().stream()
              .map(program -> run.execution(task, program).orElseThrow())
              .toList();
      records.add(grader.record(graded, executed));
      timings.add(ItemTiming.of(graded.line(), executed));
    }
    Disk.writeLines(run.folder().timings(task.suite()), timings);
    Disk.writeLines(run.folder().records(task.suite()), records);
  }
}
