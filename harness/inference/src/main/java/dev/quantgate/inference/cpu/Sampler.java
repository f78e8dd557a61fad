package dev.quantgate.inference.cpu;

import dev.quantgate.inference.Decoding;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Chooses the next token: the largest logit (the lowest id on ties), or a draw at a temperature
 * from the nucleus. The draws follow from the seed and the prompt's index alone, one for each
 * token.
 *
 * <p>Nucleus: the fewest tokens, most likely first and the lower id first on ties, whose
 * probabilities reach {@code topP} (Holtzman et al., 2020). All sums in double, in that order.
 */
final class Sampler {
  private final double temperature;
  private final double topP;
  private final SplittableRandom random;

  Sampler(Decoding decoding, int index) {
    this.temperature = decoding.temperature();
    this.topP = decoding.topP();
    this.random = new SplittableRandom(mix(decoding.seed() + mix(index + 1L)));
  }

  /** SplitMix64's finaliser: neighbouring seeds and indices give unrelated streams. */
  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  int choose(float[] logits, int at, int n) {
    int best = LogSoftmax.argmax(logits, at, n);
    if (temperature == 0) {
      return best;
    }
    double max = logits[at + best];
    double[] weights = new double[n];
    double total = 0;
    for (int i = 0; i < n; i++) {
      weights[i] = Math.exp((logits[at + i] - max) / temperature);
      total += weights[i];
    }
    double draw = random.nextDouble();
    if (topP == 1) {
      return draw(weights, IntStream.range(0, n).toArray(), n, draw * total);
    }
    int[] order =
        IntStream.range(0, n)
            .boxed()
            .sorted((a, b) -> Double.compare(weights[b], weights[a]))
            .mapToInt(Integer::intValue)
            .toArray();
    double kept = 0;
    int count = 0;
    while (count < n && kept < topP * total) {
      kept += weights[order[count++]];
    }
    return draw(weights, order, count, draw * kept);
  }

  private static int draw(double[] weights, int[] order, int count, double at) {
    double sum = 0;
    int last = order[0];
    for (int i = 0; i < count; i++) {
      if (weights[order[i]] > 0) {
        last = order[i];
        sum += weights[last];
        if (at < sum) {
          break;
        }
      }
    }
    return last;
  }
}
