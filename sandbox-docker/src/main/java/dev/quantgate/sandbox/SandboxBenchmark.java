package dev.quantgate.sandbox;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Measures a sandbox: how long it takes to start, and how many programs it judges in a second. */
public final class SandboxBenchmark {
  private SandboxBenchmark() {}

  /**
   * One pass over all jobs.
   *
   * @param seconds wall time
   * @param passed how many passed
   * @param faults how many could not be judged
   * @param perSecond programs judged in a second
   * @param cpuSeconds CPU time of all programs, which other work on the machine does not stretch
   */
  public record Round(
      double seconds, int passed, int faults, double perSecond, double cpuSeconds) {}

  /**
   * A measurement.
   *
   * @param sandbox what was measured
   * @param programs how many programs a round has
   * @param startSeconds from nothing to a sandbox whose self-test has passed
   * @param rounds in order; the first ones pay for what has yet to warm up
   */
  public record Report(
      SandboxDescription sandbox, int programs, double startSeconds, List<Round> rounds) {
    public Report {
      rounds = List.copyOf(rounds);
    }

    /** The fastest round. */
    public double bestPerSecond() {
      return rounds.stream().mapToDouble(Round::perSecond).max().orElse(0);
    }
  }

  /**
   * Programs to measure with where no data set is at hand: the red team's sentinel, so many times.
   */
  public static List<ExecutionJob> ownPrograms(int count) {
    List<ExecutionJob> jobs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      jobs.add(RedTeam.sentinel("program %d".formatted(i)));
    }
    return jobs;
  }

  /**
   * Measures a sandbox with some programs.
   *
   * @param kind as for {@link Sandboxes#open}
   * @param rounds how many times all the programs are judged
   * @param progress gets each round as it ends
   * @throws SandboxException as {@link Sandboxes#open}
   */
  public static Report run(
      String kind,
      SandboxOptions options,
      List<ExecutionJob> jobs,
      int rounds,
      Consumer<Round> progress) {
    if (jobs.isEmpty() || rounds < 1) {
      throw new IllegalArgumentException("a measurement needs programs and at least one round");
    }
    long begin = System.nanoTime();
    try (CodeSandbox sandbox = Sandboxes.open(kind, options)) {
      double start = seconds(begin);
      List<Round> done = new ArrayList<>();
      for (int i = 0; i < rounds; i++) {
        int[] passed = new int[1];
        int[] faults = new int[1];
        long[] cpu = new long[1];
        long from = System.nanoTime();
        sandbox.run(
            jobs,
            result -> {
              passed[0] += result.outcome() == ExecutionResult.Outcome.PASSED ? 1 : 0;
              faults[0] += result.outcome().judged() ? 0 : 1;
              cpu[0] += result.usage().cpuMillis();
            });
        double seconds = seconds(from);
        Round round = new Round(seconds, passed[0], faults[0], jobs.size() / seconds, cpu[0] / 1e3);
        done.add(round);
        progress.accept(round);
      }
      return new Report(sandbox.description(), jobs.size(), start, done);
    }
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }
}
