package dev.quantgate.sandbox;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * Puts a sandbox through its self-test and the whole {@link RedTeam}, each program followed by a
 * sentinel in the same worker.
 */
public final class SandboxCheck {
  /**
   * Time for a program that must not pass: a third of the benchmark's, since many of them never
   * end. A program that must pass has all of it.
   */
  private static final Duration TIME = Duration.ofSeconds(1);

  private static final int SLOW_DOWN_CAP = 4;

  private SandboxCheck() {}

  /**
   * What became of one program.
   *
   * @param attack the program
   * @param got its result
   * @param right whether that is the right verdict
   * @param sentinel what became of the sentinel behind it, which must pass
   */
  public record Row(
      RedTeam.Attack attack, ExecutionResult got, boolean right, ExecutionResult sentinel) {

    /** Whether verdict and sentinel are right. */
    public boolean good() {
      return right && sentinel.outcome() == ExecutionResult.Outcome.PASSED;
    }
  }

  /**
   * A whole check.
   *
   * @param sandbox what was checked
   * @param rows one for each program, in the order of the red team
   */
  public record Report(SandboxDescription sandbox, List<Row> rows) {
    public Report {
      rows = List.copyOf(rows);
    }

    /** Whether every line is right. */
    public boolean good() {
      return !rows.isEmpty() && rows.stream().allMatch(Row::good);
    }
  }

  private static SandboxOptions single(SandboxOptions options, RedTeam.Expected expected) {
    Limits limits = options.limits();
    return new SandboxOptions(
            1,
            options.checker(),
            expected == RedTeam.Expected.PASS
                ? limits
                : limits.withTime(TIME).withSlowDownCap(SLOW_DOWN_CAP))
        .briefly();
  }

  /**
   * Checks a sandbox. Each of the options' workers is a sandbox of its own, so that a sentinel
   * always runs where its program ran.
   *
   * @param kind as for {@link Sandboxes#open}
   * @param progress gets each line as it comes, from one thread at a time
   * @throws SandboxException as {@link Sandboxes#open}, and if the sandbox is lost on the way
   */
  public static Report run(String kind, SandboxOptions options, Consumer<Row> progress) {
    return run(kind, options, RedTeam.attacks(), progress);
  }

  /** The same with some of the attacks only. */
  public static Report run(
      String kind, SandboxOptions options, List<RedTeam.Attack> attacks, Consumer<Row> progress) {
    Map<RedTeam.Expected, Queue<RedTeam.Attack>> waiting = new EnumMap<>(RedTeam.Expected.class);
    for (RedTeam.Attack attack : attacks) {
      waiting.computeIfAbsent(attack.expected(), any -> new ConcurrentLinkedQueue<>()).add(attack);
    }
    List<Row> rows = new ArrayList<>();
    List<SandboxDescription> descriptions = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < options.workers(); i++) {
        running.add(
            threads.submit(() -> {
              for (var queue : waiting.entrySet()) {
                try (CodeSandbox sandbox = Sandboxes.open(kind, single(options, queue.getKey()))) {
                  RedTeam.Attack attack;
                  while ((attack = queue.getValue().poll()) != null) {
                    Row row = row(sandbox, options, attack);
                    synchronized (rows) {
                      rows.add(row);
                      progress.accept(row);
                    }
                  }
                  synchronized (rows) {
                    descriptions.add(sandbox.description());
                  }
                }
              }
            }));
      }
      for (Future<?> each : running) {
        each.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SandboxException(SandboxException.Kind.INTERRUPTED, "interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof SandboxException sandboxException) {
        throw sandboxException;
      }
      throw new SandboxException(
          SandboxException.Kind.LOST, "the check broke off: %s".formatted(e.getCause()), e);
    }
    rows.sort(Comparator.comparingInt(row -> attacks.indexOf(row.attack())));
    return new Report(descriptions.getFirst(), rows);
  }

  private static Row row(CodeSandbox sandbox, SandboxOptions options, RedTeam.Attack attack) {
    ExecutionResult got = one(sandbox, attack.job());
    ExecutionResult sentinel = one(sandbox, RedTeam.sentinel(attack.name()));
    boolean right = attack.accepts(sandbox.description().kind(), options.checker(), got.outcome());
    return new Row(attack, got, right, sentinel);
  }

  private static ExecutionResult one(CodeSandbox sandbox, ExecutionJob job) {
    List<ExecutionResult> results = new ArrayList<>();
    sandbox.run(List.of(job), results::add);
    if (results.size() != 1) {
      throw new SandboxException(
          SandboxException.Kind.LOST,
          "%s got %d results, exactly one was expected".formatted(job.id(), results.size()));
    }
    return results.getFirst();
  }
}
