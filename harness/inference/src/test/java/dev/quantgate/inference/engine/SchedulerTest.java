package dev.quantgate.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.Outcome.Fault;
import dev.quantgate.inference.engine.Scheduler.Feed;
import dev.quantgate.inference.engine.Scheduler.GenerateJob;
import dev.quantgate.inference.engine.Scheduler.Job;
import dev.quantgate.inference.engine.Scheduler.ScoreJob;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The scheduler on a device whose pages hold token ids and whose logits are a hash of all the ids
 * that it finds in a sequence's pages: any page that is shared, copied, given away or overwritten
 * wrongly changes what follows.
 */
class SchedulerTest {
  private static final int VOCABULARY = 40;
  private static final int PAGE = 4;
  private static final int ROWS = 13;
  private static final int BROKEN = 39;

  /** Finds out every rule of {@link StepExecutor} that its caller breaks. */
  private static final class HashDevice implements StepExecutor {
    final int pages;
    final Map<Integer, int[]> data = new HashMap<>();
    int steps;
    int rows;
    int failAt = Integer.MAX_VALUE;

    HashDevice(int pages) {
      this.pages = pages;
    }

    @Override
    public int pageTokens() {
      return PAGE;
    }

    @Override
    public int stepRows() {
      return ROWS;
    }

    @Override
    public MemoryPlan memory() {
      return new MemoryPlan("--memory", 100, 10, 1 << 20, pages);
    }

    private int[] page(int number) {
      assertThat(number).isBetween(0, pages - 1);
      return data.computeIfAbsent(number, n -> new int[PAGE]);
    }

    @Override
    public void copyPage(int from, int to) {
      System.arraycopy(page(from), 0, page(to), 0, PAGE);
    }

    @Override
    public void step(List<Slice> slices) {
      assertThat(slices).isNotEmpty();
      if (steps++ == failAt) {
        throw new InferenceException(InferenceException.Kind.IO, "the device is lost");
      }
      int all = 0;
      Set<Integer> written = new HashSet<>();
      for (Slice slice : slices) {
        all += slice.rows();
        assertThat(slice.rows()).isPositive();
        for (int position = slice.from(); position < slice.to(); position++) {
          int page = slice.pages()[position / PAGE];
          page(page)[position % PAGE] = slice.tokens()[position];
          written.add(page * PAGE + position % PAGE);
        }
      }
      assertThat(all).isLessThanOrEqualTo(ROWS);
      assertThat(written).as("no two rows write to one place").hasSize(all);
      rows += all;
      for (Slice slice : slices) {
        int last = -1;
        for (Ask ask : slice.asks()) {
          assertThat(ask.position()).isBetween(slice.from(), slice.to() - 1).isGreaterThan(last);
          last = ask.position();
          int[] seen = new int[ask.position() + 1];
          for (int i = 0; i < seen.length; i++) {
            seen[i] = page(slice.pages()[i / PAGE])[i % PAGE];
          }
          answer(ask, logits(seen));
        }
      }
    }

    private static void answer(Ask ask, float[] logits) {
      int argmax = argmax(logits);
      switch (ask) {
        case Ask.WholeRow row -> row.reader().read(logits, 0, argmax);
        case Ask.OfTokens of ->
            of.reader()
                .read(
                    new Ask.Distribution(
                        argmax,
                        argmax < 0 ? Float.NaN : margin(logits, argmax),
                        Arrays.stream(of.tokens())
                            .mapToDouble(token -> argmax < 0 ? Double.NaN : logits[token])
                            .toArray()));
      }
    }

    @Override
    public void close() {}
  }

  /** What the device must answer for a sequence; a hash of it, no number behind a broken token. */
  private static float[] logits(int[] tokens) {
    float[] logits = new float[VOCABULARY];
    var random = new SplittableRandom(Arrays.hashCode(tokens));
    boolean broken = Arrays.stream(tokens).anyMatch(token -> token == BROKEN);
    for (int i = 0; i < VOCABULARY; i++) {
      logits[i] = broken ? Float.NaN : random.nextInt(1000);
    }
    return logits;
  }

  private static int argmax(float[] logits) {
    int best = 0;
    for (int i = 0; i < logits.length; i++) {
      if (Float.isNaN(logits[i])) {
        return -1;
      }
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }

  /** The logit of a token less the largest of all others. */
  private static float margin(float[] logits, int token) {
    float margin = Float.POSITIVE_INFINITY;
    for (int i = 0; i < logits.length; i++) {
      margin = i == token ? margin : Math.min(margin, logits[token] - logits[i]);
    }
    return margin;
  }

  /** Takes one job's result as words. */
  private static final class Taker implements Scheduler.Writer, Scheduler.ScoreReader {
    final List<Integer> tokens = new ArrayList<>();
    final List<Float> margins = new ArrayList<>();
    final boolean greedy;
    String result = "";
    boolean cancelled;
    boolean goOn = true;

    Taker(boolean greedy) {
      this.greedy = greedy;
    }

    @Override
    public boolean greedy() {
      return greedy;
    }

    @Override
    public Scheduler.Choice choose(float[] logits, int at, int argmax) {
      assertThat(greedy).isFalse();
      int token = (argmax + 1) % 38;
      return new Scheduler.Choice(token, margin(logits, token));
    }

    @Override
    public boolean append(int token, float margin) {
      tokens.add(token);
      margins.add(margin);
      return token == 7;
    }

    @Override
    public boolean cancelled() {
      return cancelled;
    }

    private boolean told(String what) {
      assertThat(result).as("told once").isEmpty();
      result = what;
      return goOn;
    }

    @Override
    public boolean done() {
      return told("done %s by %s".formatted(tokens, margins));
    }

    @Override
    public boolean stopped() {
      return told("stopped " + tokens);
    }

    @Override
    public boolean scored(double[] logProbabilities, boolean[] best) {
      return told(Arrays.toString(logProbabilities) + Arrays.toString(best));
    }

    @Override
    public boolean faulted(Fault fault, String message) {
      return told(fault + " " + message);
    }
  }

  private static String expectedScore(int[] tokens, int from) {
    double[] logProbabilities = new double[tokens.length - from];
    boolean[] best = new boolean[tokens.length - from];
    for (int position = from; position < tokens.length; position++) {
      float[] logits = logits(Arrays.copyOf(tokens, position));
      if (argmax(logits) < 0) {
        return "NON_FINITE a logit that follows position %d is NaN or infinite"
            .formatted(position - 1);
      }
      logProbabilities[position - from] = logits[tokens[position]];
      best[position - from] = argmax(logits) == tokens[position];
    }
    return Arrays.toString(logProbabilities) + Arrays.toString(best);
  }

  private static String expectedAnswer(int[] prompt, int most, boolean greedy) {
    List<Integer> added = new ArrayList<>();
    List<Float> margins = new ArrayList<>();
    int[] tokens = prompt;
    while (added.size() < most) {
      int argmax = argmax(logits(tokens));
      if (argmax < 0) {
        return "NON_FINITE a logit that follows position %d is NaN or infinite"
            .formatted(tokens.length - 1);
      }
      int token = greedy ? argmax : (argmax + 1) % 38;
      added.add(token);
      margins.add(margin(logits(tokens), token));
      if (token == 7) {
        break;
      }
      tokens = Arrays.copyOf(tokens, tokens.length + 1);
      tokens[tokens.length - 1] = token;
    }
    return "done %s by %s".formatted(added, margins);
  }

  /** Some jobs that share prefixes, are each other's prefix or the same, with what must come. */
  private static final class Case {
    final List<Job> jobs = new ArrayList<>();
    final List<Taker> takers = new ArrayList<>();
    final List<String> expected = new ArrayList<>();

    Case(long seed, int count) {
      var random = new SplittableRandom(seed);
      List<int[]> texts = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int length = 1 + random.nextInt(25);
        int[] tokens = random.ints(length, 0, 38).toArray();
        if (!texts.isEmpty() && random.nextInt(4) > 0) {
          int[] other = texts.get(random.nextInt(texts.size()));
          int common = Math.min(length, random.nextInt(other.length + 1));
          System.arraycopy(other, 0, tokens, 0, common);
        }
        if (random.nextInt(12) == 0) {
          tokens[random.nextInt(length)] = BROKEN;
        }
        texts.add(tokens);
        var taker = new Taker(random.nextBoolean());
        takers.add(taker);
        if (random.nextBoolean() && length > 1) {
          int from = 1 + random.nextInt(length - 1);
          jobs.add(new ScoreJob(tokens, from, taker));
          expected.add(expectedScore(tokens, from));
        } else {
          int most = 1 + random.nextInt(12);
          jobs.add(new GenerateJob(tokens, most, taker));
          expected.add(expectedAnswer(tokens, most, taker.greedy));
        }
      }
    }

    List<String> results() {
      return takers.stream().map(taker -> taker.result).toList();
    }
  }

  @ParameterizedTest
  @CsvSource({"1000, 64", "1000, 1", "40, 5", "12, 64", "10, 3"})
  void resultsAreThoseOfEachSequenceByItselfInWhateverRoom(int pages, int most) {
    for (long seed = 0; seed < 40; seed++) {
      var some = new Case(seed, 30);
      var device = new HashDevice(pages);
      var scheduler = new Scheduler(device, new Batching(most, most));
      assertThat(scheduler.run(Feed.of(some.jobs))).isTrue();
      assertThat(some.results()).as("seed %d", seed).isEqualTo(some.expected);
      assertThat(scheduler.work().peakPages()).isLessThanOrEqualTo(pages);
      // All was given back: the same runs again.
      var again = new Case(seed, 30);
      scheduler.run(Feed.of(again.jobs));
      assertThat(again.results()).isEqualTo(again.expected);
    }
  }

  @Test
  void whatTextsHaveInCommonIsComputedOnce() {
    var device = new HashDevice(1000);
    var scheduler = new Scheduler(device, new Batching(8, 8));
    int[] common = new SplittableRandom(3).ints(50, 0, 38).toArray();
    List<Job> jobs = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      int[] tokens = Arrays.copyOf(common, 53);
      tokens[50] = i;
      jobs.add(new ScoreJob(tokens, 52, new Taker(true)));
    }
    scheduler.run(Feed.of(jobs));
    assertThat(device.rows).isEqualTo(50 + 20 * 2);
    assertThat(scheduler.work().promptTokens()).isEqualTo(device.rows);
  }

  @Test
  void jobsThatComeInTheMiddleAreRunBesideTheOthers() {
    for (long seed = 0; seed < 20; seed++) {
      var some = new Case(seed, 40);
      var device = new HashDevice(24);
      var random = new SplittableRandom(seed);
      var next = new int[1];
      new Scheduler(device, new Batching(6, 6))
          .run(wait -> {
            int from = next[0];
            next[0] = Math.min(40, from + (wait ? 1 + random.nextInt(3) : random.nextInt(4) / 3));
            return some.jobs.subList(from, next[0]);
          });
      assertThat(some.results()).as("seed %d", seed).isEqualTo(some.expected);
    }
  }

  @Test
  void aCancelledAnswerEndsWhereItIsAndTheOthersGoOn() {
    for (long seed = 0; seed < 20; seed++) {
      var some = new Case(seed, 20);
      var device = new HashDevice(30);
      var steps = new int[1];
      new Scheduler(device, new Batching(6, 6))
          .run(wait -> {
            if (steps[0] == 3) {
              for (int i = 0; i < 20; i += 2) {
                some.takers.get(i).cancelled = true;
              }
            }
            return steps[0]++ == 0 ? some.jobs : List.of();
          });
      int stopped = 0;
      for (int i = 0; i < 20; i++) {
        String result = some.takers.get(i).result;
        if (result.startsWith("stopped ")) {
          stopped++;
          assertThat(some.expected.get(i))
              .contains(
                  some.expected.get(i).startsWith("NON_FINITE")
                      ? ""
                      : result.substring(8, result.length() - 1));
        } else {
          assertThat(result).isEqualTo(some.expected.get(i));
        }
      }
      assertThat(stopped).as("seed %d", seed).isPositive();
    }
  }

  @Test
  void whoeverHasEnoughEndsTheRunAndLeavesNothingBehind() {
    var device = new HashDevice(30);
    var scheduler = new Scheduler(device, new Batching(2, 2));
    var some = new Case(1, 30);
    some.takers.forEach(taker -> taker.goOn = false);
    assertThat(scheduler.run(Feed.of(some.jobs))).isFalse();
    assertThat(some.results()).filteredOn(result -> !result.isEmpty()).hasSize(1);
    var next = new Case(2, 30);
    assertThat(scheduler.run(Feed.of(next.jobs))).isTrue();
    assertThat(next.results()).isEqualTo(next.expected);
  }

  @Test
  void anErrorOfTheDeviceEndsTheRunAndLeavesNothingBehind() {
    var device = new HashDevice(30);
    var scheduler = new Scheduler(device, new Batching(4, 4));
    device.failAt = 9;
    assertThatThrownBy(() -> scheduler.run(Feed.of(new Case(1, 30).jobs)))
        .isInstanceOf(InferenceException.class)
        .hasMessage("the device is lost");
    var next = new Case(2, 30);
    scheduler.run(Feed.of(next.jobs));
    assertThat(next.results()).isEqualTo(next.expected);
  }

  @Test
  void aTextThatCanNeverBeHeldIsRefusedBeforeAnythingIsComputed() {
    var device = new HashDevice(3);
    var scheduler = new Scheduler(device, new Batching(4, 4));
    var fits = new ScoreJob(new int[13], 1, new Taker(true));
    var big = new ScoreJob(new int[14], 1, new Taker(true));
    String refusal =
        "the longest text needs 4 MiB of keys and values, the memory given leaves 3 MiB; "
            + "give more --memory, at least 5M";
    assertThatThrownBy(() -> scheduler.run(Feed.of(List.of(fits, big, fits))))
        .isInstanceOfSatisfying(
            InferenceException.class,
            e -> assertThat(e.kind()).isEqualTo(InferenceException.Kind.OUT_OF_MEMORY))
        .hasMessage(refusal);
    assertThatThrownBy(
            () -> scheduler.run(Feed.of(List.of(new GenerateJob(new int[9], 5, new Taker(true))))))
        .hasMessage(refusal);
    assertThat(device.steps).isZero();
    scheduler.run(Feed.of(List.of(fits)));
    assertThat(((Taker) fits.reader()).result).isEqualTo(expectedScore(new int[13], 1));
  }
}
