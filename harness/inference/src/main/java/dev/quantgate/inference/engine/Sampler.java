package dev.quantgate.inference.engine;

import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.engine.Scheduler.Choice;
import java.util.SplittableRandom;

/**
 * Draws the next token at a temperature from the nucleus. The draws follow from the request's seed
 * alone, one for each token.
 *
 * <p>Nucleus: the fewest tokens, most likely first and the lower id first on ties, whose
 * probabilities reach {@code topP} (Holtzman et al., 2020). All sums in double, in that order.
 */
final class Sampler {
  private final double temperature;
  private final double topP;
  private final SplittableRandom random;
  private double[] weights = new double[0];
  private int[] heap = new int[0];

  Sampler(Decoding decoding, long seed) {
    this.temperature = decoding.temperature();
    this.topP = decoding.topP();
    this.random = new SplittableRandom(mix(seed));
  }

  /** SplitMix64's finaliser: neighbouring seeds give unrelated streams. */
  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  /**
   * The next token, and by how much the model preferred it.
   *
   * @param logits {@code n} finite ones at {@code at}
   * @param argmax the lowest id of the largest
   */
  Choice choose(float[] logits, int at, int n, int argmax) {
    int token = draw(logits, at, n, argmax);
    int other = token == argmax ? second(logits, at, n, argmax) : argmax;
    return new Choice(
        token, other < 0 ? Float.POSITIVE_INFINITY : logits[at + token] - logits[at + other]);
  }

  /** The likeliest token but one; -1 if there is no other. */
  private static int second(float[] logits, int at, int n, int argmax) {
    int best = -1;
    for (int i = 0; i < n; i++) {
      if (i != argmax && (best < 0 || logits[at + i] > logits[at + best])) {
        best = i;
      }
    }
    return best;
  }

  private int draw(float[] logits, int at, int n, int argmax) {
    if (weights.length < n) {
      weights = new double[n];
    }
    double max = logits[at + argmax];
    double total = 0;
    for (int i = 0; i < n; i++) {
      weights[i] = Math.exp((logits[at + i] - max) / temperature);
      total += weights[i];
    }
    double draw = random.nextDouble();
    return topP == 1 ? fromAll(n, draw * total) : fromNucleus(n, total, draw);
  }

  private int fromAll(int n, double draw) {
    double sum = 0;
    int last = 0;
    for (int i = 0; i < n; i++) {
      if (weights[i] > 0) {
        last = i;
        sum += weights[i];
        if (draw < sum) {
          break;
        }
      }
    }
    return last;
  }

  /**
   * Tokens below {@code (1 - topP) / (n - 1)} are left out at once: all of them together cannot
   * reach 1 - topP, so the others reach topP without them. Of those a heap gives the largest first,
   * as many as it takes.
   */
  private int fromNucleus(int n, double total, double draw) {
    if (heap.length < n) {
      heap = new int[n];
    }
    double least = n == 1 ? 0 : (1 - topP) / (n - 1) * total;
    int count = 0;
    for (int i = 0; i < n; i++) {
      if (weights[i] > 0 && weights[i] >= least) {
        heap[count++] = i;
      }
    }
    for (int i = count / 2 - 1; i >= 0; i--) {
      sink(i, count);
    }
    int end = count;
    double kept = 0;
    while (count > 0 && kept < topP * total) {
      int top = heap[0];
      heap[0] = heap[--count];
      heap[count] = top;
      sink(0, count);
      kept += weights[top];
    }
    double sum = 0;
    int at = end - 1;
    for (; at > count; at--) {
      sum += weights[heap[at]];
      if (draw * kept < sum) {
        break;
      }
    }
    return heap[at];
  }

  /** Restores the heap of {@code count} ids below a place whose id may be too small. */
  private void sink(int place, int count) {
    int id = heap[place];
    while (2 * place + 1 < count) {
      int child = 2 * place + 1;
      if (child + 1 < count && before(heap[child + 1], heap[child])) {
        child++;
      }
      if (!before(heap[child], id)) {
        break;
      }
      heap[place] = heap[child];
      place = child;
    }
    heap[place] = id;
  }

  private boolean before(int a, int b) {
    return weights[a] > weights[b] || (weights[a] == weights[b] && a < b);
  }
}
