package dev.quantgate.inference.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicIntegerArray;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

/** The pieces that the engine is made of, each beside its definition. */
class KernelTest {

  private static float exp(float x) {
    return Lanes.exp(FloatVector.broadcast(Lanes.SPECIES, x)).lane(Lanes.COUNT - 1);
  }

  @Test
  void theExponentialIsWithinTwoUnitsInTheLastPlace() {
    int checked = 0;
    for (float x = -87; x < 88; x += 0.0137f) {
      float expected = (float) Math.exp(x);
      assertThat(exp(x)).as("e^%s", x).isCloseTo(expected, within(2 * Math.ulp(expected)));
      checked++;
    }
    assertThat(checked).isGreaterThan(10_000);
    assertThat(exp(0)).isEqualTo(1f);
    assertThat(exp(-1000)).isZero();
    assertThat(exp(Float.NEGATIVE_INFINITY)).isZero();
    assertThat(exp(1000)).isFinite().isGreaterThan(1e38f);
    assertThat(exp(Float.NaN)).isNaN();
  }

  @Test
  void roundingToHalvesIsThatOfTheConversion() {
    var random = new SplittableRandom(1);
    float[] values = new float[Lanes.COUNT];
    for (int round = 0; round < 20_000; round++) {
      for (int i = 0; i < values.length; i++) {
        // All exponents that matter, and many ties.
        int exponent = 127 - 30 + random.nextInt(48);
        int fraction = random.nextInt(1 << 23) & (random.nextBoolean() ? -1 : 0x7ff000);
        values[i] = Float.intBitsToFloat((random.nextInt(2) << 31) | exponent << 23 | fraction);
      }
      float[] found = new float[values.length];
      NibbleKernel.round16(FloatVector.fromArray(Lanes.SPECIES, values, 0)).intoArray(found, 0);
      for (int i = 0; i < values.length; i++) {
        float expected = Float.float16ToFloat(Float.floatToFloat16(values[i]));
        assertThat(Float.floatToRawIntBits(found[i]))
            .as("%s", values[i])
            .isEqualTo(Float.floatToRawIntBits(expected));
      }
    }
  }

  @Test
  void theLowestOfEqualLogitsWins() {
    float[] logits = new float[100];
    logits[37] = 2;
    logits[70] = 2;
    logits[98] = 2;
    assertThat(LogSoftmax.peak(logits, 0, 100).argmax()).isEqualTo(37);
    assertThat(LogSoftmax.peak(logits, 38, 62).argmax()).isEqualTo(70 - 38);
    assertThat(LogSoftmax.peak(logits, 96, 4).argmax()).isEqualTo(2);
    logits[99] = Float.NaN;
    assertThat(LogSoftmax.peak(logits, 0, 100).argmax()).isEqualTo(-1);
    logits[99] = 0;
    logits[3] = Float.NEGATIVE_INFINITY;
    assertThat(LogSoftmax.peak(logits, 0, 100).argmax()).isEqualTo(-1);
  }

  @Test
  void theLargestLogitIsAheadOfTheNextOneWhereverBothStand() {
    // Whole vectors of any width and a rest of three, between neighbours that are no logits of it.
    int n = 99;
    float[] logits = new float[n + 2];
    Arrays.fill(logits, 100);
    for (int first = 0; first < n; first++) {
      for (int second = 0; second < n; second++) {
        if (first != second) {
          Arrays.fill(logits, 1, n + 1, -5);
          logits[second + 1] = 2.25f;
          logits[first + 1] = 3;
          assertThat(LogSoftmax.peak(logits, 1, n)).isEqualTo(new LogSoftmax.Peak(first, 0.75f));
          logits[first + 1] = 2.25f;
          assertThat(LogSoftmax.peak(logits, 1, n))
              .isEqualTo(new LogSoftmax.Peak(Math.min(first, second), 0));
        }
      }
    }
    assertThat(LogSoftmax.of(new float[] {1, 4, 2.5f}, 0, 3).margin()).isEqualTo(1.5f);
  }

  @Test
  void logProbabilitiesAddUpToOne() {
    float[] logits =
        new SplittableRandom(2)
            .doubles(1003, -20, 20)
            .collect(() -> new FloatList(1003), FloatList::add, (a, b) -> {})
            .values;
    LogSoftmax softmax = LogSoftmax.of(logits, 0, logits.length);
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(softmax.of(logit));
    }
    assertThat(sum).isCloseTo(1, within(1e-6));
  }

  private static final class FloatList {
    final float[] values;
    int size;

    FloatList(int length) {
      values = new float[length];
    }

    void add(double value) {
      values[size++] = (float) value;
    }
  }

  @Test
  void everyItemOfAPhaseIsRunOnceByATeamOfAnySize() {
    for (int threads : new int[] {1, 2, 3, 5}) {
      try (var team = new SpinTeam(threads)) {
        for (int round = 0; round < 300; round++) {
          int items = round % 37;
          var counts = new AtomicIntegerArray(items + 1);
          SpinTeam.Task task =
              (item, thread) -> {
                assertThat(thread).isBetween(0, threads - 1);
                counts.incrementAndGet(item);
              };
          if (round % 2 == 0) {
            team.forEach(items, task);
          } else {
            team.forEachInRuns(items, task);
          }
          for (int i = 0; i < items; i++) {
            assertThat(counts.get(i)).isEqualTo(1);
          }
        }
      }
    }
  }

  @Test
  void anItemsExceptionReachesTheCallerAndTheTeamGoesOn() {
    try (var team = new SpinTeam(2)) {
      assertThatThrownBy(() ->
              team.forEach(
                  20,
                  (item, thread) -> {
                    if (item == 7) {
                      throw new IllegalStateException("item 7");
                    }
                  }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("item 7");
      var counts = new AtomicIntegerArray(5);
      team.forEach(5, (item, thread) -> counts.incrementAndGet(item));
      assertThat(counts.toString()).isEqualTo("[1, 1, 1, 1, 1]");
    }
  }
}
