package dev.quantgate.evaluation.comparison;

import dev.quantgate.benchmarks.SuiteData.Subject;
import dev.quantgate.evaluation.comparison.SuiteComparison.SideScore;
import dev.quantgate.evaluation.protocol.Averages;
import dev.quantgate.evaluation.protocol.Averages.Average;
import dev.quantgate.evaluation.protocol.Averages.ItemScore;
import dev.quantgate.evaluation.record.FinishedRun;
import java.util.List;

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

  /** What authors report beside it. */
  public static List<Average> averages(FinishedRun run, String suite, List<ItemScore> graded) {
    List<Subject> subjects = RunFacts.suite(run, suite).subjects();
    return !subjects.isEmpty()
        ? Averages.ofSubjects(subjects, graded)
        : RunFacts.executed(run, suite).isPresent() ? Averages.ofPrograms(graded) : List.of();
  }
}
