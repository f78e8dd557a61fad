package dev.quantgate.inference.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.Outcome;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.cpu.RandomCheckpoint.Shape;
import dev.quantgate.inference.cpu.TokenEngine.GenerateJob;
import dev.quantgate.inference.cpu.TokenEngine.Results;
import dev.quantgate.inference.cpu.TokenEngine.ScoreJob;
import dev.quantgate.inference.cpu.TokenEngine.Scored;
import dev.quantgate.inference.cpu.TokenEngine.Writer;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BatchEngineTest {
  private static final double TOLERANCE = 2e-4;
  private static final int PLENTY = 10_000;

  static Stream<Shape> shapes() {
    assertThat(RandomCheckpoint.shapes()).hasSizeGreaterThan(20);
    return RandomCheckpoint.shapes().stream();
  }

  /** A way to run the fast engine. */
  private record Setting(int threads, int pages, int maxBatch, boolean share) {
    static final Setting PLAIN = new Setting(2, PLENTY, 0, true);
  }

  private static List<Scored> score(
      RandomCheckpoint checkpoint, Setting setting, List<ScoreJob> jobs) {
    try (var team = new SpinTeam(setting.threads());
        var model = new LoadedModel(checkpoint, team);
        var engine =
            new BatchEngine(model, team, setting.pages(), setting.maxBatch(), setting.share())) {
      return collect(jobs.size(), results -> engine.score(jobs, results));
    }
  }

  private static <R> List<R> collect(int jobs, java.util.function.Consumer<Results<R>> call) {
    var all = new TreeMap<Integer, R>();
    call.accept(
        new Results<>() {
          @Override
          public void done(int job, R result) {
            assertThat(all.put(job, result)).as("job %d is handed over once", job).isNull();
          }

          @Override
          public void faulted(int job, Outcome.Fault fault, String message) {
            throw new AssertionError(fault + ": " + message);
          }
        });
    assertThat(all.keySet()).containsExactlyElementsOf(IntStream.range(0, jobs).boxed().toList());
    return List.copyOf(all.values());
  }

  /** Texts of which some share a prefix, some are another's prefix, and some are the same. */
  private static List<ScoreJob> scoreJobs(long seed) {
    var random = new SplittableRandom(seed);
    int[] common = random.ints(45, 0, RandomCheckpoint.VOCABULARY).toArray();
    var jobs = new ArrayList<ScoreJob>();
    for (int length : new int[] {2, 3, 31, 32, 33, 64, 70, 5, 90}) {
      int[] tokens = random.ints(length, 0, RandomCheckpoint.VOCABULARY).toArray();
      if (length > 5) {
        System.arraycopy(common, 0, tokens, 0, Math.min(common.length, length - 2));
      }
      jobs.add(new ScoreJob(tokens, 1 + random.nextInt(length - 1)));
      int[] other = tokens.clone();
      other[length - 1] = (other[length - 1] + 1) % RandomCheckpoint.VOCABULARY;
      jobs.add(new ScoreJob(other, length - 1));
    }
    jobs.add(new ScoreJob(jobs.get(4).tokens(), 1));
    jobs.add(new ScoreJob(Arrays.copyOf(jobs.getLast().tokens(), 20), 3));
    jobs.add(new ScoreJob(new int[] {7, 8}, 1));
    return jobs;
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void logProbabilitiesAreThoseOfTheReference(Shape shape) {
    try (var checkpoint = new RandomCheckpoint(shape, 11);
        var reference = new ReferenceEngine(checkpoint)) {
      List<ScoreJob> jobs = scoreJobs(5);
      List<Scored> expected = collect(jobs.size(), results -> reference.score(jobs, results));
      List<Scored> found = score(checkpoint, Setting.PLAIN, jobs);
      for (int i = 0; i < jobs.size(); i++) {
        double[] want = expected.get(i).logProbabilities();
        double[] have = found.get(i).logProbabilities();
        assertThat(have).hasSameSizeAs(want).isNotEmpty();
        for (int k = 0; k < want.length; k++) {
          assertThat(have[k])
              .as("text %d, token %d", i, k)
              .isCloseTo(want[k], within(TOLERANCE * (1 + Math.abs(want[k]))));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void logProbabilitiesAreTheSameBitsHoweverTheyAreComputed(Shape shape) {
    try (var checkpoint = new RandomCheckpoint(shape, 12)) {
      List<ScoreJob> jobs = scoreJobs(6);
      List<Scored> expected = score(checkpoint, Setting.PLAIN, jobs);
      for (Setting setting :
          List.of(
              new Setting(1, PLENTY, 0, true),
              new Setting(3, PLENTY, 1, true),
              new Setting(2, PLENTY, 3, true),
              new Setting(2, PLENTY, 16, false),
              new Setting(2, PLENTY, 1, false),
              new Setting(2, 3, 0, true))) {
        List<Scored> found = score(checkpoint, setting, jobs);
        for (int i = 0; i < jobs.size(); i++) {
          assertThat(found.get(i).logProbabilities())
              .as("%s, text %d", setting, i)
              .containsExactly(expected.get(i).logProbabilities());
          assertThat(found.get(i).greedy()).containsExactly(expected.get(i).greedy());
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void logitsAreTheSameBitsHoweverATextIsCut(Shape shape) {
    try (var checkpoint = new RandomCheckpoint(shape, 13);
        var team = new SpinTeam(2);
        var model = new LoadedModel(checkpoint, team);
        var engine = new BatchEngine(model, team, PLENTY, 0, true)) {
      int[] tokens = new SplittableRandom(3).ints(300, 0, RandomCheckpoint.VOCABULARY).toArray();
      float[][] whole = engine.logits(tokens, tokens.length);
      for (int piece : new int[] {1, 2, 5, 64}) {
        float[][] pieces = engine.logits(tokens, piece);
        for (int position = 0; position < tokens.length; position++) {
          assertThat(pieces[position])
              .as("pieces of %d, position %d", piece, position)
              .containsExactly(whole[position]);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void weightsAreWidenedToTheValuesThatTheFormatDescribes(Shape shape) {
    try (var checkpoint = new RandomCheckpoint(shape, 14);
        var team = new SpinTeam(2);
        Arena arena = Arena.ofShared()) {
      var block = checkpoint.blocks().getFirst();
      for (Linear linear : List.of(block.query(), block.gate(), block.down())) {
        Weights weights = LoadedModel.weights(linear, arena, team);
        float[] panel = new float[weights.columns()];
        int[] slots = weights.slots();
        for (int n = 0; n < linear.outputs(); n++) {
          weights.unpack(n, 1, panel);
          int seen = 0;
          for (int c = 0; c < panel.length; c++) {
            int k = slots == null ? c : slots[c];
            if (k >= 0 && k < linear.inputs()) {
              seen++;
              assertThat(Float.floatToRawIntBits(panel[c]))
                  .isEqualTo(Float.floatToRawIntBits(ReferenceEngine.weight(linear, n, k)));
            } else {
              assertThat(panel[c]).isZero();
            }
          }
          assertThat(seen).isEqualTo(linear.inputs());
        }
      }
    }
  }

  // --- Generation --------------------------------------------------------------------------------

  /** Draws tokens with a {@link Sampler} and ends at a token. */
  private static final class Drawing implements Writer {
    private final Sampler sampler;
    private final int last;
    final List<Integer> tokens = new ArrayList<>();

    Drawing(Decoding decoding, int index, int last) {
      this.sampler = new Sampler(decoding, index);
      this.last = last;
    }

    @Override
    public int choose(float[] logits, int at, int vocabulary) {
      return sampler.choose(logits, at, vocabulary);
    }

    @Override
    public boolean append(int token) {
      tokens.add(token);
      return token == last;
    }
  }

  private static final Decoding SAMPLED = new Decoding(40, 0.8, 0.9, 17, List.of(), true);

  private static List<GenerateJob> generateJobs() {
    var random = new SplittableRandom(21);
    var jobs = new ArrayList<GenerateJob>();
    int[] lengths = {1, 2, 33, 64, 7, 32, 65, 31, 12, 40, 41, 42};
    for (int i = 0; i < 24; i++) {
      int[] prompt =
          new SplittableRandom(i % 6)
              .ints(lengths[i % 12], 0, RandomCheckpoint.VOCABULARY)
              .toArray();
      jobs.add(new GenerateJob(prompt, 1 + random.nextInt(40), new Drawing(SAMPLED, i, i)));
    }
    return jobs;
  }

  private static List<List<Integer>> generate(
      RandomCheckpoint checkpoint, @Nullable Setting setting) {
    List<GenerateJob> jobs = generateJobs();
    if (setting == null) {
      try (var engine = new ReferenceEngine(checkpoint)) {
        return tokens(collect(jobs.size(), results -> engine.generate(jobs, results)));
      }
    }
    try (var team = new SpinTeam(setting.threads());
        var model = new LoadedModel(checkpoint, team);
        var engine =
            new BatchEngine(model, team, setting.pages(), setting.maxBatch(), setting.share())) {
      return tokens(collect(jobs.size(), results -> engine.generate(jobs, results)));
    }
  }

  private static List<List<Integer>> tokens(List<Writer> writers) {
    return writers.stream().map(writer -> ((Drawing) writer).tokens).toList();
  }

  @Test
  void sampledAnswersAreTheSameHoweverTheyAreBatched() {
    try (var checkpoint = new RandomCheckpoint(RandomCheckpoint.shapes().get(2), 15)) {
      List<List<Integer>> expected = generate(checkpoint, Setting.PLAIN);
      for (Setting setting :
          List.of(
              new Setting(1, PLENTY, 1, true),
              new Setting(2, PLENTY, 3, false),
              new Setting(2, PLENTY, 16, true),
              new Setting(3, 6, 0, true))) {
        assertThat(generate(checkpoint, setting)).as("%s", setting).isEqualTo(expected);
      }
    }
  }

  @Test
  void sampledAnswersAreThoseOfTheReference() {
    try (var checkpoint = new RandomCheckpoint(RandomCheckpoint.shapes().getFirst(), 16)) {
      assertThat(generate(checkpoint, Setting.PLAIN)).isEqualTo(generate(checkpoint, null));
    }
  }

  // --- What does not fit -------------------------------------------------------------------------

  @Test
  void aTextThatTheCacheCannotHoldEndsTheCallBeforeAnythingIsComputed() {
    try (var checkpoint = new RandomCheckpoint(RandomCheckpoint.shapes().getFirst(), 17);
        var team = new SpinTeam(1);
        var model = new LoadedModel(checkpoint, team);
        var engine = new BatchEngine(model, team, 2, 0, true)) {
      var fits = new ScoreJob(new int[65], 1);
      var big = new ScoreJob(new int[66], 1);
      var log = new ArrayList<String>();
      assertThatThrownBy(() -> engine.score(List.of(fits, big, fits), logging(log)))
          .isInstanceOfSatisfying(
              InferenceException.class,
              e -> assertThat(e.kind()).isEqualTo(InferenceException.Kind.OUT_OF_MEMORY))
          .hasMessageMatching(
              "the longest text needs 1 MiB of keys and values, the memory given leaves 1 MiB; "
                  + "give more --memory, at least \\d+M");
      Writer unused =
          new Writer() {
            @Override
            public int choose(float[] logits, int at, int vocabulary) {
              throw new AssertionError("computed");
            }

            @Override
            public boolean append(int token) {
              throw new AssertionError("computed");
            }
          };
      assertThatThrownBy(
              () -> engine.generate(List.of(new GenerateJob(new int[60], 6, unused)), logging(log)))
          .hasMessageContaining("give more --memory, at least ");
      assertThat(log).isEmpty();
      engine.score(List.of(fits), logging(log));
      assertThat(log).containsExactly("0 done");
    }
  }

  private static <R> Results<R> logging(List<String> log) {
    return new Results<>() {
      @Override
      public void done(int job, R result) {
        log.add(job + " done");
      }

      @Override
      public void faulted(int job, Outcome.Fault fault, String message) {
        log.add(job + " " + fault);
      }
    };
  }

  @Test
  void anInterruptedCallStopsAndTheEngineStaysUsable() {
    try (var checkpoint = new RandomCheckpoint(RandomCheckpoint.shapes().getFirst(), 18);
        var team = new SpinTeam(2);
        var model = new LoadedModel(checkpoint, team);
        var engine = new BatchEngine(model, team, 4, 1, true)) {
      List<ScoreJob> jobs = scoreJobs(9).stream().filter(job -> job.tokens().length > 60).toList();
      assertThatThrownBy(() ->
              engine.score(
                  jobs,
                  new Results<>() {
                    @Override
                    public void done(int job, Scored result) {
                      Thread.currentThread().interrupt();
                    }

                    @Override
                    public void faulted(int job, Outcome.Fault fault, String message) {
                      throw new AssertionError(message);
                    }
                  }))
          .isInstanceOfSatisfying(
              InferenceException.class,
              e -> assertThat(e.kind()).isEqualTo(InferenceException.Kind.INTERRUPTED));
      List<Scored> again = collect(jobs.size(), results -> engine.score(jobs, results));
      assertThat(again).hasSameSizeAs(jobs);
    }
  }

  // --- What is not finite ------------------------------------------------------------------------

  @Test
  void aTokenWhoseStateIsNoNumberFaultsItsTextsAndNoOthers() {
    try (var checkpoint = new RandomCheckpoint(RandomCheckpoint.shapes().getFirst(), 19);
        var team = new SpinTeam(2);
        var model = new LoadedModel(checkpoint, team);
        var fast = new BatchEngine(model, team, PLENTY, 0, true);
        var reference = new ReferenceEngine(checkpoint)) {
      int broken = 5;
      int hidden = checkpoint.config().hiddenSize();
      for (int i = 0; i < hidden; i++) {
        checkpoint.embedding().data().set(Widening.FLOAT, 4L * (broken * hidden + i), Float.NaN);
      }
      List<ScoreJob> jobs =
          List.of(
              new ScoreJob(new int[] {1, 2, 3, broken, 4, 6}, 1),
              new ScoreJob(new int[] {1, 2, 3, 4, 6}, 1),
              new ScoreJob(new int[] {1, 2, 3, 4, 7, 9}, 4),
              new ScoreJob(new int[] {broken, 1}, 1));
      List<String> expected = List.of("0 NON_FINITE", "1 done", "2 done", "3 NON_FINITE");
      assertThat(outcomes(fast, jobs)).isEqualTo(expected);
      assertThat(outcomes(reference, jobs)).isEqualTo(expected);
    }
  }

  private static List<String> outcomes(TokenEngine engine, List<ScoreJob> jobs) {
    var log = new ArrayList<String>();
    engine.score(jobs, logging(log));
    log.sort(null);
    return log;
  }
}
