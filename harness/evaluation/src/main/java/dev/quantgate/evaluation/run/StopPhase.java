package dev.quantgate.evaluation.run;

import dev.quantgate.evaluation.answer.Grader.Graded;
import dev.quantgate.evaluation.answer.StopOrder;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.gate.Gate;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.pairs.Pairing;
import dev.quantgate.evaluation.pairs.SuitePairs;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.Provenance.SuiteFacts;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.Stopping;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Asks suites in random order, block by block, and stops each where the pairs decide it. The blocks
 * and the decision depend on nothing but seed, items, answers and policy, so that an interrupted
 * run stops where an uninterrupted one does.
 */
final class StopPhase {
  private final Gate gate;
  private final long seed;
  private final Consumer<List<RunInProgress>> execute;

  /**
   * @param execute executes what runs wrote, as far as it was not
   */
  StopPhase(Gate gate, long seed, Consumer<List<RunInProgress>> execute) {
    this.gate = gate;
    this.seed = seed;
    this.execute = execute;
  }

  /** A baseline that has answered at least what is asked of the candidate. */
  interface Baseline {
    /** The records of some of a suite's items. */
    List<ItemRecord> records(SuiteTask task, Set<String> ids);

    /** The run, where its programs are still to be executed. */
    Optional<RunInProgress> unfinished();

    static Baseline of(RunInProgress run) {
      return new Baseline() {
        @Override
        public List<ItemRecord> records(SuiteTask task, Set<String> ids) {
          return StopPhase.records(run, task, ids);
        }

        @Override
        public Optional<RunInProgress> unfinished() {
          return Optional.of(run);
        }
      };
    }

    static Baseline of(FinishedRun run) {
      return new Baseline() {
        @Override
        public List<ItemRecord> records(SuiteTask task, Set<String> ids) {
          return run.suites().getOrDefault(task.suite(), List.of()).stream()
              .filter(record -> ids.contains(record.id()))
              .toList();
        }

        @Override
        public Optional<RunInProgress> unfinished() {
          return Optional.empty();
        }
      };
    }
  }

  /** Both models take turns. */
  void inTurns(Respondent baseline, Respondent candidate) {
    for (SuiteTask task : candidate.run().tasks()) {
      List<Question> asked =
          run(task, List.of(baseline, candidate), Baseline.of(baseline.run()), candidate);
      baseline.finish(task, asked);
      candidate.finish(task, asked);
    }
  }

  /** The candidate is asked against a baseline that has answered everything. */
  void against(Baseline baseline, Respondent candidate) {
    for (SuiteTask task : candidate.run().tasks()) {
      candidate.finish(task, run(task, List.of(candidate), baseline, candidate));
    }
  }

  /** Gives what was asked, in the order of the data. */
  private List<Question> run(
      SuiteTask task, List<Respondent> asking, Baseline baseline, Respondent candidate) {
    List<Question> all = candidate.run().questions(task);
    int largest = StopOrder.largestCluster(all);
    Set<String> ids = new HashSet<>();
    List<Question> asked = List.of();
    List<Pair> pairs = new ArrayList<>();
    for (List<Question> block : StopOrder.blocks(task.suite(), all, seed)) {
      asking.forEach(each -> each.answer(task, block));
      block.forEach(question -> ids.add(question.id()));
      asked = all.stream().filter(question -> ids.contains(question.id())).toList();
      List<Question> upToNow = asked;
      asking.forEach(each -> each.handOver(task, upToNow));
      if (task.ofPrograms()) {
        execute.accept(
            Stream.concat(baseline.unfinished().stream(), Stream.of(candidate.run())).toList());
      }
      Set<String> fresh = block.stream().map(Question::id).collect(Collectors.toSet());
      Pairing.match(
          baseline.records(task, fresh),
          records(candidate.run(), task, fresh),
          (one, other) -> pairs.add(Pairing.of(pairs.size(), one, other)));
      var stopping = new Stopping(all.size(), largest, items(asked));
      asking.forEach(each -> each.run().stopped(task, stopping));
      if (gate.decided(pairs(task, stopping, pairs), candidate.run().tasks().size())) {
        break;
      }
    }
    return asked;
  }

  private static String items(List<Question> asked) {
    return RunFolder.items(asked.stream().map(Question::id).toList());
  }

  private static List<ItemRecord> records(RunInProgress run, SuiteTask task, Set<String> ids) {
    List<Graded> graded =
        run.graded(task).stream().filter(each -> ids.contains(each.question().id())).toList();
    return RecordPhase.records(run, task, graded);
  }

  private static SuitePairs pairs(SuiteTask task, Stopping stopping, List<Pair> pairs) {
    SuiteFacts facts = task.facts();
    return new SuitePairs(
        task.suite(),
        task.protocol().id(),
        facts.available(),
        facts.chance(),
        List.of(),
        List.of(),
        Optional.of(stopping),
        pairs);
  }
}
