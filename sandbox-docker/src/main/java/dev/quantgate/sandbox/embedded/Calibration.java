package dev.quantgate.sandbox.embedded;

import java.util.function.ToLongFunction;

/**
 * Measures how many times slower than natively Python runs here, so that a job gets its benchmark's
 * time on this interpreter. The program mixes what completions do: arithmetic, lists, strings,
 * dictionaries, calls.
 */
final class Calibration {
  /** CPU time of {@link #PROGRAM} on CPython 3.11. */
  private static final double NATIVE_MILLIS = 2;

  /** Enough to see whether the cap is out of reach, not so many that a start is spent on it. */
  private static final int MAX_ROUNDS = 6;

  static final String PROGRAM =
      """
      def f():
          def inner(n):
              return n * 2 + 1
          total, words, seen = 0, [], {}
          for i in range(10000):
              total += inner(i) % 7
              if i % 3 == 0:
                  words.append(str(i))
              seen[i % 97] = seen.get(i % 97, 0) + i
          text = ",".join(words)
          return total, sorted(text.split(","))[:5], max(seen.values())
      """;

  private Calibration() {}

  /**
   * Runs the program until it gets no faster, or is so far from the cap that it will not get there.
   *
   * @param run runs a program and returns its CPU time in ms
   * @return between 1 and {@code cap}
   */
  static double measure(ToLongFunction<String> run, int cap) {
    long best = Long.MAX_VALUE;
    for (int round = 0; round < MAX_ROUNDS; round++) {
      long millis = run.applyAsLong(PROGRAM);
      boolean settled = millis > best * 0.8;
      best = Math.min(best, millis);
      if (settled || best / NATIVE_MILLIS > 4.0 * cap) {
        break;
      }
    }
    return Math.clamp(best / NATIVE_MILLIS, 1, cap);
  }
}
