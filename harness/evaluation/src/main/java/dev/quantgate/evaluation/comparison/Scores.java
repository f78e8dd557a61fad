package dev.quantgate.evaluation.comparison;

import dev.quantgate.evaluation.answer.Services.ProtocolLibrary;
import dev.quantgate.evaluation.comparison.SuiteComparison.SideScore;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.protocol.Protocol;
import dev.quantgate.evaluation.protocol.Protocol.Average;
import dev.quantgate.evaluation.protocol.Protocol.ItemScore;
import dev.quantgate.evaluation.record.FinishedRun;
import java.util.List;
import java.util.Optional;

/** How graded items add up. */
public final class Scores {
  private Scores() {}

  /** The plain mean; over all answers alike where each item has as many. */
  public static SideScore of(List<ItemScore> graded) {
    int correct = graded.stream().mapToInt(ItemScore::right).sum();
    int answers = graded.stream().mapToInt(ItemScore::answers).sum();
    boolean alike = graded.stream().mapToInt(ItemScore::answers).distinct().count() <= 1;
    double score =
        graded.isEmpty()
            ? 0
            : alike
                ? (double) correct / answers
                : graded.stream().mapToDouble(ItemScore::score).sum() / graded.size();
    return new SideScore(score, correct, answers);
  }

  /** What the suite's authors report beside it. */
  public static List<Average> averages(
      ProtocolLibrary protocols, FinishedRun run, String suite, List<ItemScore> graded) {
    String id = RunFacts.protocol(run, suite);
    String layout = run.identity().get("suite.%s.layout".formatted(suite));
    Protocol protocol =
        protocols.find(
            suite,
            Optional.of(id.substring(id.indexOf('/') + 1)),
            layout.isEmpty() ? Layout.OPENAI : Layout.of(layout));
    return graded.isEmpty()
        ? List.of()
        : protocol.averages(RunFacts.suite(run, suite).subjects(), graded);
  }
}
