package dev.quantgate.sandbox.embedded;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.RedTeam;
import dev.quantgate.sandbox.SandboxDescription;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.SandboxOptions.Checker;
import dev.quantgate.sandbox.Usage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One worker JVM with a lane for each job that runs at the same time, so that what its compiler
 * learns from one job serves them all. The jobs of a worker that dies are repeated alone in a fresh
 * one, twice. A job that has ended two workers of its own is judged for it if a program known to be
 * right passes in the next; else it is a sandbox error.
 */
final class EmbeddedSandbox implements CodeSandbox {
  /** A worker that says nothing for so long after a job's time is up is gone. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  /** How often a worker may be lost with a job in it: beside others once, and once alone. */
  private static final int MOST_LOSSES = 2;

  private static final ExecutionJob SENTINEL = RedTeam.sentinel("a lost worker");

  private static final Duration START_LIMIT = Duration.ofSeconds(120);

  private final SandboxOptions options;
  private final Map<String, String> facts = new TreeMap<>();
  private @Nullable WorkerProcess worker;
  private LinkedBlockingQueue<List<String>> replies = new LinkedBlockingQueue<>();
  private double slowDown = 1;
  private int replacements = -1;
  private boolean closed;

  EmbeddedSandbox(SandboxOptions options) {
    this.options = options;
    long begin = System.nanoTime();
    replace();
    facts.put("startMillis", Long.toString((System.nanoTime() - begin) / 1_000_000));
    slowDown = Calibration.measure(this::calibrate, options.limits().slowDownCap());
  }

  private long calibrate(String program) {
    Attempt attempt =
        new Attempt(
            new ExecutionJob("calibration", "", "", program, "def check(f): f()", "f"),
            Checker.OFFICIAL);
    slowDown = options.limits().slowDownCap();
    ExecutionResult[] result = new ExecutionResult[1];
    runAll(new ArrayDeque<>(List.of(attempt)), 1, done -> result[0] = done.result());
    if (result[0].outcome() != Outcome.PASSED) {
      throw new SandboxException(
          SandboxException.Kind.SELF_TEST_FAILED,
          "the calibration program ended as "
              + result[0].outcome()
              + ", not PASSED: "
              + result[0].detail());
    }
    return result[0].usage().cpuMillis();
  }

  @Override
  public SandboxDescription description() {
    TreeMap<String, String> identity = new TreeMap<>();
    identity.put("python", EmbeddedProvider.PYTHON);
    identity.put("runtime", EmbeddedProvider.runtime());
    identity.put("checker", options.checker().name().toLowerCase(java.util.Locale.ROOT));
    identity.put("checkerSha256", Resources.sha256());
    identity.put("limits", options.limits().toString());
    identity.put("seed", "0");
    TreeMap<String, String> now = new TreeMap<>(facts);
    now.put("slowDown", String.format(java.util.Locale.ROOT, "%.1f", slowDown));
    now.put("timeLimitMillis", Long.toString(cpuLimit().toMillis()));
    now.put("replacements", Integer.toString(replacements));
    now.put("workers", Integer.toString(options.workers()));
    return new SandboxDescription(EmbeddedProvider.KIND, identity, now);
  }

  private Duration cpuLimit() {
    return Duration.ofMillis((long) (options.limits().cpu().toMillis() * slowDown));
  }

  /**
   * CPU time and sleep are what count, so that a busy machine fails no program; this only ends what
   * escapes both counts.
   */
  private Duration wallLimit() {
    return cpuLimit().plus(options.limits().wall()).multipliedBy(20);
  }

  /** One run of one job by one checker. */
  private static final class Attempt {
    final ExecutionJob job;
    final Checker checker;
    final String token = HexFormat.of().formatHex(random());
    boolean repeated;
    int losses;
    int executions;
    long deadline;

    Attempt(ExecutionJob job, Checker checker) {
      this.job = job;
      this.checker = checker;
    }

    private static byte[] random() {
      UUID id = UUID.randomUUID();
      return java.nio.ByteBuffer.allocate(16)
          .putLong(id.getMostSignificantBits())
          .putLong(id.getLeastSignificantBits())
          .array();
    }
  }

  private record Done(Attempt attempt, ExecutionResult result) {}

  @FunctionalInterface
  private interface DoneSink {
    void accept(Done done);
  }

  @Override
  public synchronized void run(List<ExecutionJob> jobs, ResultSink sink) {
    if (closed) {
      throw new SandboxException(SandboxException.Kind.LOST, "the sandbox is closed");
    }
    Deque<Attempt> waiting = new ArrayDeque<>();
    boolean both = options.checker() == Checker.BOTH;
    for (ExecutionJob job : jobs) {
      waiting.add(new Attempt(job, both ? Checker.SPLIT : options.checker()));
      if (both) {
        waiting.add(new Attempt(job, Checker.OFFICIAL));
      }
    }
    Map<ExecutionJob, Done> halves = new java.util.IdentityHashMap<>();
    runAll(
        waiting,
        options.workers(),
        done -> {
          if (!both) {
            sink.accept(done.result);
            return;
          }
          Done other = halves.remove(done.attempt.job);
          if (other == null) {
            halves.put(done.attempt.job, done);
          } else if (done.attempt.checker == Checker.SPLIT) {
            sink.accept(done.result.comparedWith(other.result));
          } else {
            sink.accept(other.result.comparedWith(done.result));
          }
        });
  }

  private void runAll(Deque<Attempt> waiting, int lanes, DoneSink sink) {
    Deque<Attempt> alone = new ArrayDeque<>();
    Deque<Attempt> suspects = new ArrayDeque<>();
    Map<String, Attempt> running = new HashMap<>();
    try {
      while (!waiting.isEmpty() || !alone.isEmpty() || !running.isEmpty()) {
        while (running.size() < lanes && !waiting.isEmpty()) {
          submit(waiting.remove(), running);
        }
        if (running.isEmpty()) {
          submit(alone.remove(), running);
        }
        List<String> reply = await(running);
        if (reply.isEmpty()) {
          String why = requireWorker().lastWords();
          List<Attempt> victims = List.copyOf(running.values());
          running.clear();
          for (Attempt victim : victims) {
            victim.executions++;
            victim.losses++;
            (victim.losses <= MOST_LOSSES ? alone : suspects).add(victim);
          }
          replace();
          for (Attempt suspect : suspects) {
            sink.accept(new Done(suspect, endedWorkers(suspect, why)));
          }
          suspects.clear();
        } else {
          Attempt attempt = running.remove(reply.getFirst());
          if (attempt != null) {
            attempt.executions++;
            ExecutionResult result = result(attempt, reply);
            if (byTheClockOnWall(reply) && !attempt.repeated) {
              attempt.repeated = true;
              alone.add(attempt);
            } else {
              sink.accept(new Done(attempt, result));
            }
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      requireWorker().close();
      replies = new LinkedBlockingQueue<>();
      worker = null;
      throw new SandboxException(SandboxException.Kind.INTERRUPTED, "interrupted", e);
    } catch (RuntimeException e) {
      if (!running.isEmpty() && worker != null) {
        worker.close();
        worker = null;
      }
      throw e;
    }
  }

  private WorkerProcess requireWorker() {
    if (worker == null) {
      replace();
    }
    return java.util.Objects.requireNonNull(worker);
  }

  private void submit(Attempt attempt, Map<String, Attempt> running) {
    ExecutionJob job = attempt.job;
    attempt.deadline = System.nanoTime() + wallLimit().plus(GRACE).toNanos();
    running.put(attempt.token, attempt);
    try {
      requireWorker()
          .send(
              attempt.token,
              attempt.checker.name(),
              UUID.randomUUID().toString(),
              Long.toString(cpuLimit().toMillis()),
              Long.toString(wallLimit().toMillis()),
              job.prelude(),
              job.prompt(),
              job.completion(),
              job.test(),
              job.entryPoint());
    } catch (IOException e) {
      // The reader of its replies sees the end, too, and tells it.
      requireWorker().close();
    }
  }

  /** The next reply; empty when the worker is gone or has missed a deadline. */
  private List<String> await(Map<String, Attempt> running) throws InterruptedException {
    while (true) {
      long now = System.nanoTime();
      long left = running.values().stream().mapToLong(a -> a.deadline - now).min().orElse(0);
      List<String> reply = replies.poll(Math.max(left, 0), TimeUnit.NANOSECONDS);
      if (reply != null) {
        return reply;
      }
      if (left <= 0) {
        return List.of();
      }
    }
  }

  /** A timeout that other work on the machine may have caused; the others are counted in CPU. */
  private static boolean byTheClockOnWall(List<String> reply) {
    return reply.get(1).equals(Outcome.TIMEOUT.name()) && reply.get(2).equals(Worker.WALL);
  }

  /** Of a job that has ended each of its workers, the last two with nothing else in them. */
  private ExecutionResult endedWorkers(Attempt attempt, String why) {
    boolean sentinel = attempt.job.equals(SENTINEL);
    boolean itsOwnFault = !sentinel && sentinelPasses();
    ExecutionResult result;
    if (!itsOwnFault) {
      result =
          new ExecutionResult(
              attempt.job.id(), Outcome.SANDBOX_ERROR, "the worker died each time: " + why);
    } else {
      result =
          new ExecutionResult(
              attempt.job.id(),
              why.contains("OutOfMemoryError") ? Outcome.MEMORY : Outcome.CRASHED,
              "ended its worker each time");
    }
    return result.withExecutions(attempt.executions);
  }

  /** Whether the fresh worker judges a program well that is known to be right. */
  private boolean sentinelPasses() {
    boolean[] passed = new boolean[1];
    runAll(
        new ArrayDeque<>(List.of(new Attempt(SENTINEL, Checker.SPLIT))),
        1,
        done -> passed[0] = done.result().outcome() == Outcome.PASSED);
    return passed[0];
  }

  private ExecutionResult result(Attempt attempt, List<String> reply) {
    Outcome outcome = Outcome.valueOf(reply.get(1));
    String detail = reply.get(2);
    if (outcome == Outcome.TIMEOUT) {
      detail =
          String.format(
              java.util.Locale.ROOT,
              "no verdict within %.1f s (%.1f s x slow-down %.1f)",
              cpuLimit().toMillis() / 1e3,
              options.limits().cpu().toMillis() / 1e3,
              slowDown);
    }
    return new ExecutionResult(
        attempt.job.id(),
        outcome,
        detail,
        Integer.parseInt(reply.get(6)),
        new Usage(
            Long.parseLong(reply.get(3)),
            Long.parseLong(reply.get(4)),
            Long.parseLong(reply.get(5)),
            0,
            Long.parseLong(reply.get(7)),
            reply.get(8),
            "",
            attempt.executions));
  }

  /** Ends the worker that is there, if any, and waits until a fresh one is ready. */
  private void replace() {
    if (worker != null) {
      worker.close();
    }
    LinkedBlockingQueue<List<String>> queue = new LinkedBlockingQueue<>();
    WorkerProcess fresh = WorkerProcess.start(options.workers(), options.limits(), queue::add);
    try {
      List<String> first = queue.poll(START_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      if (first == null || first.isEmpty()) {
        String why = fresh.lastWords();
        fresh.close();
        throw new SandboxException(
            SandboxException.Kind.UNAVAILABLE,
            "the embedded Python did not start within " + START_LIMIT.toSeconds() + " s: " + why);
      }
    } catch (InterruptedException e) {
      fresh.close();
      Thread.currentThread().interrupt();
      throw new SandboxException(SandboxException.Kind.INTERRUPTED, "interrupted", e);
    }
    replies = queue;
    worker = fresh;
    replacements++;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (worker != null) {
      worker.close();
      worker = null;
    }
  }
}
