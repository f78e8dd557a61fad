package dev.quantgate.sandbox.embedded;

import java.util.function.ToLongFunction;

/**
 * Measures how many times slower than natively Python runs here, so that a job gets its benchmark's
 * time on this interpreter. The program mixes what completions do: arithmetic, lists, strings,
 * dictionaries, calls.
 */
final class Calibration {
  /** CPU time of {@link #PROGRAM} on CPython 3.11. */
  private static final double NATIVE_MILLIS = 8;

  private static final int MAX_ROUNDS = 12;

  static final String PROGRAM =
      """
      def f():
          def inner(n):
              return n * 2 + 1
          total, words, seen = 0, [], {}
          for i in range(40000):
              total += inner(i) % 7
              if i % 3 == 0:
                  words.append(str(i))
              seen[i % 97] = seen.get(i % 97, 0) + i
          text = ",".join(words)
          return total, sorted(text.split(","))[:5], max(seen.values())
      """;

  private Calibration() {}

  /**
   * Runs the program until it gets no faster, which also warms the compiler up.
   *
   * @param run runs a program and returns its CPU time in ms
   * @return between 1 and {@code cap}
   */
  static double measure(ToLongFunction<String> run, int cap) {
    long best = Long.MAX_VALUE;
    int stale = 0;
    for (int round = 0; round < MAX_ROUNDS && stale < 3; round++) {
      long millis = run.applyAsLong(PROGRAM);
      stale = millis < best * 0.9 ? 0 : stale + 1;
      best = Math.min(best, millis);
    }
    return Math.clamp(best / NATIVE_MILLIS, 1, cap);
  }
}
