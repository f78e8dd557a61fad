package dev.quantgate.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quantgate.inference.Decoding;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final int VOCABULARY = 500;

  private static Decoding decoding(double temperature, double topP) {
    return new Decoding(1, temperature, topP, List.of(), true);
  }

  private static float[] logits(long seed) {
    var random = new SplittableRandom(seed);
    float[] logits = new float[VOCABULARY];
    for (int i = 0; i < VOCABULARY; i++) {
      // Rounded, so that there are ties.
      logits[i] = Math.round(4 * random.nextGaussian()) / 2f;
    }
    return logits;
  }

  private static int argmax(float[] logits) {
    return IntStream.range(0, VOCABULARY)
        .boxed()
        .max(Comparator.comparingDouble((Integer i) -> logits[i]).thenComparing(i -> -i))
        .orElseThrow();
  }

  /** The nucleus by its definition: sort everything, take until the share is reached. */
  private static List<Integer> nucleus(float[] logits, double temperature, double topP) {
    double max = logits[argmax(logits)];
    double[] weights = new double[VOCABULARY];
    double total = 0;
    for (int i = 0; i < VOCABULARY; i++) {
      weights[i] = Math.exp((logits[i] - max) / temperature);
      total += weights[i];
    }
    List<Integer> order =
        IntStream.range(0, VOCABULARY)
            .boxed()
            .sorted(
                Comparator.comparingDouble((Integer i) -> -weights[i])
                    .thenComparing(Comparator.naturalOrder()))
            .toList();
    double kept = 0;
    int count = 0;
    while (kept < topP * total) {
      kept += weights[order.get(count++)];
    }
    return order.subList(0, count);
  }

  @Test
  void drawsAreThoseOfASortOfTheWholeVocabulary() {
    int compared = 0;
    for (long seed = 0; seed < 300; seed++) {
      float[] logits = logits(seed);
      double temperature = 0.3 + seed % 5 * 0.4;
      double topP = List.of(0.05, 0.5, 0.9, 0.999).get((int) (seed % 4));
      List<Integer> order = nucleus(logits, temperature, topP);
      double kept =
          order.stream()
              .mapToDouble(i -> Math.exp((logits[i] - logits[argmax(logits)]) / temperature))
              .reduce(0, Double::sum);
      var draws = new SplittableRandom(mixed(seed));
      var sampler = new Sampler(decoding(temperature, topP), seed);
      for (int n = 0; n < 20; n++) {
        double at = draws.nextDouble() * kept;
        double sum = 0;
        int expected = order.getLast();
        for (int id : order) {
          sum += Math.exp((logits[id] - (double) logits[argmax(logits)]) / temperature);
          if (at < sum) {
            expected = id;
            break;
          }
        }
        assertThat(sampler.choose(logits, 0, VOCABULARY, argmax(logits)).token())
            .isEqualTo(expected);
        compared++;
      }
    }
    assertThat(compared).isEqualTo(6000);
  }

  private static long mixed(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  @Test
  void withoutANucleusEveryTokenComesAsOftenAsItsProbabilitySays() {
    float[] logits = new float[VOCABULARY];
    java.util.Arrays.fill(logits, -1000);
    logits[3] = 1;
    logits[40] = 1 + (float) Math.log(3);
    var sampler = new Sampler(decoding(1, 1), 9);
    int most = 0;
    for (int n = 0; n < 4000; n++) {
      Scheduler.Choice choice = sampler.choose(logits, 0, VOCABULARY, 40);
      int id = choice.token();
      assertThat(id).isIn(3, 40);
      float ahead = logits[40] - logits[3];
      assertThat(choice.margin()).isEqualTo(id == 40 ? ahead : -ahead);
      most += id == 40 ? 1 : 0;
    }
    assertThat(most / 4000.0).isCloseTo(0.75, within(0.03));
  }
}
