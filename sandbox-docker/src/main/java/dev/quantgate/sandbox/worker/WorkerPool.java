package dev.quantgate.sandbox.worker;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.SandboxDescription;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxException.Kind;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.judging.Attempt;
import dev.quantgate.sandbox.judging.Execution;
import dev.quantgate.sandbox.judging.JudgingSandbox;
import dev.quantgate.sandbox.judging.Lost;
import dev.quantgate.sandbox.judging.Slot;
import dev.quantgate.sandbox.judging.SlotThreads;
import dev.quantgate.sandbox.judging.Slots;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Supervisors, one a slot. A worker that fails, is late, cannot clean up or has grown old is
 * replaced; an engine that went away is waited for.
 */
public final class WorkerPool implements Slots {
  /** A worker's age limit in jobs; user ids and whatever ages unseen start anew. */
  private static final int JOBS_PER_WORKER = 500;

  /** How many workers a job may cost while others run beside it. */
  private static final int LOSSES_BESIDE = 2;

  /**
   * Pauses between attempts to start a worker again, about a minute together: so long a busy
   * machine's engine may need to restart.
   */
  private static final List<Duration> START_PAUSES =
      IntStream.of(1, 2, 4, 8, 15, 15, 15).mapToObj(Duration::ofSeconds).toList();

  /** Exit status after SIGKILL; inside a sandbox that means out of memory. */
  private static final int KILLED = 128 + 9;

  private final WorkerLauncher launcher;
  private final SandboxOptions options;
  private final List<Duration> startPauses;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("sandbox-watchdog").factory());
  private final List<WorkerSlot> slots;
  private final AtomicInteger replacements = new AtomicInteger();
  private final SortedMap<String, String> identity;
  private final Thread atExit = Thread.ofPlatform().unstarted(this::stop);
  private volatile boolean stopping;
  private String lastNote = "";

  private WorkerPool(WorkerLauncher launcher, SandboxOptions options, List<Duration> startPauses) {
    this.launcher = launcher;
    this.options = options;
    this.startPauses = startPauses;
    slots = Stream.generate(WorkerSlot::new).limit(options.workers()).toList();
    identity = new TreeMap<>(launcher.identity());
  }

  /**
   * Starts a sandbox with all its workers.
   *
   * @throws SandboxException if one cannot be started; nothing is left behind then
   */
  public static CodeSandbox start(WorkerLauncher launcher, SandboxOptions options) {
    return start(launcher, options, START_PAUSES);
  }

  /** With other pauses between attempts to start a worker again than a real engine needs. */
  public static CodeSandbox start(
      WorkerLauncher launcher, SandboxOptions options, List<Duration> startPauses) {
    WorkerPool pool = new WorkerPool(launcher, options, List.copyOf(startPauses));
    Runtime.getRuntime().addShutdownHook(pool.atExit);
    try {
      pool.startAll();
      return new JudgingSandbox(pool, options.checker());
    } catch (RuntimeException e) {
      pool.close();
      throw e;
    }
  }

  private void startAll() {
    SlotThreads.forEach(slots, this::stop, WorkerSlot::start);
    Map<String, Object> hello = slots.getFirst().hello();
    if (hello.get("missing") instanceof List<?> missing && !missing.isEmpty()) {
      throw new SandboxException(
          Kind.SELF_TEST_FAILED,
          "the sandbox's Python lacks %s, so right completions would fail; build the image from a full Python"
              .formatted(missing));
    }
    identity.put("python", hello.get("implementation") + " " + hello.get("python"));
    identity.put("checker", options.checker().name().toLowerCase(Locale.ROOT));
    identity.put("limits", options.limits().toString());
    identity.put("seed", "0");
    if (!launcher.isolates()) {
      identity.put("isolates", "false");
    }
    identity.putAll(WorkerScripts.hashes(launcher.scripts()));
  }

  @Override
  public SandboxDescription description() {
    SortedMap<String, String> facts = new TreeMap<>(launcher.facts());
    facts.put("workers", Integer.toString(slots.size()));
    facts.put("replacements", Integer.toString(replacements.get()));
    return new SandboxDescription(launcher.kind(), launcher.isolates(), identity, facts);
  }

  @Override
  public List<? extends Slot> all() {
    return slots;
  }

  @Override
  public int lossesBeside() {
    return LOSSES_BESIDE;
  }

  @Override
  public void begin() {
    stopping = false;
  }

  @Override
  public void stop() {
    stopping = true;
    slots.forEach(WorkerSlot::kill);
  }

  @Override
  public void close() {
    stopping = true;
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // The virtual machine is on its way out; the hook does the same.
    }
    slots.forEach(WorkerSlot::close);
    clock.shutdownNow();
    launcher.close();
  }

  /** One supervisor at a time. */
  private final class WorkerSlot implements Slot {
    private volatile @Nullable Worker worker;

    void start() {
      try {
        worker = Worker.start(launcher, options.limits(), clock);
      } catch (Worker.Failure e) {
        throw new SandboxException(
            Kind.UNAVAILABLE,
            "cannot start a %s worker: %s".formatted(launcher.kind(), e.getMessage()));
      }
    }

    Map<String, Object> hello() {
      Worker started = worker;
      return started == null ? Map.of() : started.hello();
    }

    @Override
    public Execution execute(Attempt attempt) throws Lost {
      Request request = Request.of(attempt, options.limits().wall());
      if (!request.fits()) {
        return Execution.of(tooLarge(attempt));
      }
      Worker current = current();
      try {
        Reply reply = current.carryOut(request, options.limits().wall());
        if (!reply.report().dirty().isEmpty() || current.served() >= JOBS_PER_WORKER) {
          renew();
        }
        return Verdicts.of(request, reply, options.limits());
      } catch (Worker.Failure e) {
        renew();
        throw new Lost(e.getMessage(), e.status() == KILLED);
      }
    }

    @Override
    public void renew() {
      Worker old = worker;
      if (old != null) {
        replacements.incrementAndGet();
        worker = null;
        old.kill();
      }
    }

    void kill() {
      Worker current = worker;
      if (current != null) {
        current.kill();
        worker = null;
      }
    }

    void close() {
      Worker current = worker;
      worker = null;
      if (current != null) {
        current.close();
      }
    }

    /** The slot's worker; a new one where there is none. */
    private Worker current() {
      Worker found = worker;
      String reason = "";
      for (int i = 0; found == null; i++) {
        try {
          found = Worker.start(launcher, options.limits(), clock);
          worker = found;
        } catch (Worker.Failure e) {
          reason = e.getMessage();
        } catch (SandboxException e) {
          reason = String.valueOf(e.getMessage());
        }
        if (found != null) {
          break;
        }
        if (stopping || i == startPauses.size()) {
          throw new SandboxException(
              stopping ? Kind.INTERRUPTED : Kind.LOST,
              """
              the %s sandbox went away and does not come back: %s
              What was judged is kept; repair it and repeat the command to go on.\
              """
                  .formatted(launcher.kind(), reason));
        }
        note(startPauses.subList(i, startPauses.size()), reason);
        pause(startPauses.get(i));
      }
      if (stopping) {
        found.kill();
      }
      return found;
    }
  }

  /** Said once for all workers, since what one waits for the others wait for, too. */
  private synchronized void note(List<Duration> left, String reason) {
    long seconds = left.stream().reduce(Duration.ZERO, Duration::plus).toSeconds();
    String note =
        "waiting for the %s sandbox to come back, %d s more at most: %s"
            .formatted(launcher.kind(), seconds, reason);
    if (!note.equals(lastNote)) {
      lastNote = note;
      options.notes().accept(note);
    }
  }

  private static void pause(Duration pause) {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SandboxException(Kind.INTERRUPTED, "interrupted while a worker was restarted", e);
    }
  }

  private static ExecutionResult tooLarge(Attempt attempt) {
    return new ExecutionResult(
        attempt.job().id(),
        Outcome.FAILED,
        "the program is larger than %d MiB".formatted(WorkerScripts.MAX_PART_BYTES >> 20));
  }
}
