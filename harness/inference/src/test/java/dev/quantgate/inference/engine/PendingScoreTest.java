package dev.quantgate.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.inference.Outcome;
import dev.quantgate.inference.Outcome.Fault;
import dev.quantgate.inference.Score;
import dev.quantgate.inference.ScoringRequest.Detail;
import dev.quantgate.inference.engine.PromptEncoder.Joined;
import dev.quantgate.inference.engine.Scheduler.ScoreJob;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PendingScoreTest {
  private final List<Outcome<Score>> told = new ArrayList<>();

  private List<ScoreJob> jobs(Detail detail) {
    return new PendingScore(
            3,
            detail,
            List.of(new Joined(List.of(1, 2, 3), 2), new Joined(List.of(1, 2, 4, 5), 2)),
            (index, outcome) -> {
              assertThat(index).isEqualTo(3);
              told.add(outcome);
              return true;
            })
        .jobs();
  }

  @Test
  void aScoreIsToldWhenItsLastContinuationIsThereInTheOrderAskedFor() {
    List<ScoreJob> jobs = jobs(Detail.CONTINUATION);

    jobs.get(1).reader().scored(new double[] {-1, -2}, new boolean[] {true, false});
    assertThat(told).isEmpty();
    jobs.get(0).reader().scored(new double[] {-0.5}, new boolean[] {true});

    assertThat(told).hasSize(1);
    List<Score.Continuation> continuations = told.getFirst().orThrow().continuations();
    assertThat(continuations.get(0).logProbabilities()).containsExactly(-0.5);
    assertThat(continuations.get(0).greedy()).isTrue();
    assertThat(continuations.get(1).logProbabilities()).containsExactly(-1.0, -2.0);
    assertThat(continuations.get(1).greedy()).isFalse();
  }

  @Test
  void everyTokenIsAskedForFromTheSecondOnAndToldApart() {
    List<ScoreJob> jobs = jobs(Detail.EVERY_TOKEN);
    assertThat(jobs).extracting(ScoreJob::from).containsExactly(1, 1);

    jobs.get(0).reader().scored(new double[] {-3, -0.5}, new boolean[] {false, true});
    jobs.get(1).reader().scored(new double[] {-3, -1, -2}, new boolean[] {false, true, true});

    Score.Continuation first = told.getFirst().orThrow().continuations().getFirst();
    assertThat(first.promptLogProbabilities()).containsExactly(-3.0);
    assertThat(first.logProbabilities()).containsExactly(-0.5);
    assertThat(first.greedy()).isTrue();
  }

  @Test
  void aFaultIsToldOnceAndNoScoreAfterIt() {
    List<ScoreJob> jobs = jobs(Detail.CONTINUATION);

    jobs.get(0).reader().faulted(Fault.NON_FINITE, "a logit is NaN");
    jobs.get(1).reader().faulted(Fault.NON_FINITE, "another one");

    assertThat(told).containsExactly(new Outcome.Faulted<>(Fault.NON_FINITE, "a logit is NaN"));
  }
}
