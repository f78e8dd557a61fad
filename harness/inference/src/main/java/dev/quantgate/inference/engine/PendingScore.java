package dev.quantgate.inference.engine;

import dev.quantgate.inference.LanguageModel.Sink;
import dev.quantgate.inference.Outcome.Answered;
import dev.quantgate.inference.Outcome.Fault;
import dev.quantgate.inference.Outcome.Faulted;
import dev.quantgate.inference.Score;
import dev.quantgate.inference.ScoringRequest.Detail;
import dev.quantgate.inference.engine.PromptEncoder.Joined;
import dev.quantgate.inference.engine.Scheduler.ScoreJob;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A scoring request under way: one job for each of its continuations, whose scores are told
 * together when the last one is there.
 */
final class PendingScore {
  private final int index;
  private final boolean every;
  private final List<Joined> joined;
  private final Score.@Nullable Continuation[] continuations;
  private final Sink<Score> sink;
  private int open;
  private boolean faulted;

  PendingScore(int index, Detail detail, List<Joined> joined, Sink<Score> sink) {
    this.index = index;
    this.every = detail == Detail.EVERY_TOKEN;
    this.joined = joined;
    this.continuations = new Score.Continuation[joined.size()];
    this.sink = sink;
    this.open = joined.size();
  }

  private ScoreJob job(int place) {
    Joined one = joined.get(place);
    return new ScoreJob(
        one.tokens().stream().mapToInt(Integer::intValue).toArray(),
        every ? 1 : one.promptLength(),
        new Scheduler.ScoreReader() {
          @Override
          public boolean scored(double[] logProbabilities, boolean[] greedy) {
            continuations[place] = continuation(one, logProbabilities, greedy);
            open--;
            return open > 0 || faulted || sink.accept(index, new Answered<>(score()));
          }

          @Override
          public boolean faulted(Fault fault, String message) {
            open--;
            boolean first = !faulted;
            faulted = true;
            return !first || sink.accept(index, new Faulted<>(fault, message));
          }
        });
  }

  private Score score() {
    var all = new ArrayList<Score.Continuation>();
    for (Score.Continuation one : continuations) {
      if (one != null) {
        all.add(one);
      }
    }
    return new Score(all);
  }

  /** The jobs of all continuations, in order. */
  List<ScoreJob> jobs() {
    return IntStream.range(0, joined.size()).mapToObj(this::job).toList();
  }

  private static Score.Continuation continuation(
      Joined joined, double[] logProbabilities, boolean[] greedy) {
    List<Integer> tokens = joined.tokens();
    List<Double> all = Arrays.stream(logProbabilities).boxed().toList();
    int own = tokens.size() - joined.promptLength();
    int before = all.size() - own;
    boolean allGreedy = true;
    for (int i = before; i < all.size(); i++) {
      allGreedy &= greedy[i];
    }
    return new Score.Continuation(
        Optional.of(tokens.subList(0, joined.promptLength())),
        Optional.of(tokens.subList(joined.promptLength(), tokens.size())),
        all.subList(before, all.size()),
        all.subList(0, before),
        allGreedy);
  }
}
