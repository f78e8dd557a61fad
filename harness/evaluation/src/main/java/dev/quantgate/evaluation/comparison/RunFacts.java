package dev.quantgate.evaluation.comparison;

import dev.quantgate.evaluation.comparison.Comparison.ModelSummary;
import dev.quantgate.evaluation.comparison.SuiteComparison.Data;
import dev.quantgate.evaluation.comparison.SuiteComparison.Executed;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.ItemRecord.Execution;
import dev.quantgate.evaluation.record.Provenance;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.evaluation.record.SuiteIdentity;
import dev.quantgate.sandbox.ExecutionResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** What is told of one finished run, whether it is compared or stands alone. */
public final class RunFacts {
  private RunFacts() {}

  /** What stands for a model in a comparison or an evaluation. */
  public static ModelSummary summary(Side side, FinishedRun run) {
    return new ModelSummary(
        side,
        run.provenance().reference(),
        run.identity().live(),
        run.identity().model(),
        run.provenance().usage(),
        Optional.empty(),
        run.sha256());
  }

  /** Facts about a suite's data; a finished run has them for each of its suites. */
  public static Provenance.SuiteFacts suite(FinishedRun run, String suite) {
    Provenance.SuiteFacts facts = run.provenance().suites().get(suite);
    return facts == null
        ? new Provenance.SuiteFacts("", false, 0, List.of(), OptionalDouble.empty())
        : facts;
  }

  /** The id of the protocol by which a suite was asked. */
  public static String protocol(FinishedRun run, String suite) {
    return run.identity().suite(suite).protocol();
  }

  /** Where a suite's items came from. */
  public static Data data(FinishedRun run, String suite) {
    Provenance.SuiteFacts facts = suite(run, suite);
    return new Data(facts.file(), run.identity().suite(suite).data(), facts.catalogued());
  }

  /** What executed a suite's programs; empty for suites without. */
  static Optional<Executed> executed(FinishedRun run, String suite) {
    return run.identity()
        .suite(suite)
        .sandbox()
        .map(sandbox -> new Executed(sandbox.kind(), sandbox.identity()));
  }

  /**
   * What must be told of the way in which a suite's programs were executed: that nothing kept them
   * apart from the machine, and, where two checkers judged, how often they disagreed.
   */
  public static List<String> executionNotes(FinishedRun run, String suite, Side side) {
    List<String> notes = new ArrayList<>();
    Optional<SuiteIdentity.Sandbox> sandbox = run.identity().suite(suite).sandbox();
    if (sandbox.filter(RunFacts::isolatesNothing).isPresent()) {
      notes.add(
          "%s: programs were executed WITHOUT A SANDBOX (%s)"
              .formatted(suite, sandbox.orElseThrow().kind()));
    }
    if (sandbox.filter(box -> "both".equals(box.identity().get("checker"))).isPresent()) {
      List<Execution> executions =
          run.suites().getOrDefault(suite, List.of()).stream()
              .flatMap(record -> record.samples().stream())
              .flatMap(sample -> sample.execution().stream())
              .toList();
      long disputed = executions.stream().filter(Execution::disputed).count();
      long tampered =
          executions.stream()
              .filter(each -> each.outcome() == ExecutionResult.Outcome.TAMPERED)
              .count();
      notes.add(
          "%s: the two checkers disagree about %d of %d programs of the %s, of which %d pass only where they judge themselves"
              .formatted(suite, disputed, executions.size(), side, tampered));
    }
    return notes;
  }

  /** Runs of the first release say it by the kind's name alone. */
  private static boolean isolatesNothing(SuiteIdentity.Sandbox sandbox) {
    return "false".equals(sandbox.identity().get("isolates"))
        || sandbox.kind().equals("unsafe-local");
  }
}
