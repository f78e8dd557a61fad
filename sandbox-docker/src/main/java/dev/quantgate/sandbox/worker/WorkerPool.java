package dev.quantgate.sandbox.worker;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.RedTeam;
import dev.quantgate.sandbox.SandboxDescription;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxException.Kind;
import dev.quantgate.sandbox.SandboxOptions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox made of supervisors, one a worker.
 *
 * <p>Each worker has one job running and the next one already on its way, so that it never waits
 * for this side. A worker that fails, is late or cannot clean up is replaced; what it had not
 * answered runs again. A job that has cost two workers runs a third time, with nothing else beside
 * it; if it costs that one, too, and a program known to be right then passes in its place, the job
 * is what ends workers, and is judged for it. Only where that program fails as well is it the
 * sandbox's fault.
 *
 * <p>Wall time is the benchmark's limit, but a busy machine is not the program's fault: a timeout
 * counts once it has happened again with nothing else running here. Only a job that has used up its
 * CPU time is not repeated, since that limit does not depend on what else runs.
 */
public final class WorkerPool implements CodeSandbox {
  /** A worker's age limit in jobs; user ids and whatever ages unseen start anew. */
  private static final int JOBS_PER_WORKER = 500;

  private static final int IN_FLIGHT = 2;

  /** How many workers a job may cost while others run beside it. */
  private static final int TRIES = 2;

  /**
   * Pauses between attempts to start a worker again, about a minute together: so long a busy
   * machine's engine may need to restart.
   */
  private static final List<Duration> START_PAUSES =
      IntStream.of(1, 2, 4, 8, 15, 15, 15).mapToObj(Duration::ofSeconds).toList();

  /** What the status of a process says that was ended by SIGKILL. */
  private static final int KILLED = 128 + 9;

  private final WorkerLauncher launcher;
  private final SandboxOptions options;
  private final List<Duration> startPauses;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("sandbox-watchdog").factory());
  private final @Nullable Worker[] workers;
  private final AtomicInteger replacements = new AtomicInteger();
  private final SortedMap<String, String> identity;
  private final Thread atExit = Thread.ofPlatform().unstarted(this::killAll);
  private volatile boolean stopping;
  private String lastNote = "";

  private WorkerPool(WorkerLauncher launcher, SandboxOptions options, List<Duration> startPauses) {
    this.launcher = launcher;
    this.options = options;
    this.startPauses = startPauses;
    workers = new Worker[options.workers()];
    identity = new TreeMap<>(launcher.identity());
  }

  /**
   * Starts all workers.
   *
   * @throws SandboxException if one cannot be started; nothing is left behind then
   */
  public static WorkerPool start(WorkerLauncher launcher, SandboxOptions options) {
    return start(launcher, options, START_PAUSES);
  }

  /** With other pauses between attempts to start a worker again than a real engine needs. */
  public static WorkerPool start(
      WorkerLauncher launcher, SandboxOptions options, List<Duration> startPauses) {
    WorkerPool pool = new WorkerPool(launcher, options, List.copyOf(startPauses));
    Runtime.getRuntime().addShutdownHook(pool.atExit);
    try {
      pool.startAll();
      return pool;
    } catch (RuntimeException e) {
      pool.close();
      throw e;
    }
  }

  private void startAll() {
    forEachSlot(slot -> {
      try {
        workers[slot] = Worker.start(launcher, options.limits(), clock);
      } catch (Worker.Failure e) {
        throw new SandboxException(
            Kind.UNAVAILABLE, "cannot start a " + launcher.kind() + " worker: " + e.getMessage());
      }
    });
    Worker first = Objects.requireNonNull(workers[0]);
    Map<String, Object> hello = first.hello();
    if (hello.get("missing") instanceof List<?> missing && !missing.isEmpty()) {
      throw new SandboxException(
          Kind.SELF_TEST_FAILED,
          "the sandbox's Python lacks "
              + missing
              + ", so right completions would fail; build the image from a full Python");
    }
    identity.put("python", hello.get("implementation") + " " + hello.get("python"));
    identity.put("checker", options.checker().name().toLowerCase(Locale.ROOT));
    identity.put("limits", options.limits().toString());
    identity.put("seed", "0");
    identity.putAll(WorkerScripts.hashes(launcher.scripts()));
  }

  @Override
  public SandboxDescription description() {
    SortedMap<String, String> facts = new TreeMap<>(launcher.facts());
    facts.put("workers", Integer.toString(workers.length));
    facts.put("replacements", Integer.toString(replacements.get()));
    return new SandboxDescription(launcher.kind(), identity, facts);
  }

  // ---- running ----

  /** One job with the results that are still to come. */
  private final class Task {
    final ExecutionJob job;
    final Map<Request.Mode, ExecutionResult> results = new EnumMap<>(Request.Mode.class);

    Task(ExecutionJob job) {
      this.job = job;
    }

    List<Request.Mode> modes() {
      return switch (options.checker()) {
        case SPLIT -> List.of(Request.Mode.SPLIT);
        case OFFICIAL -> List.of(Request.Mode.OFFICIAL);
        case BOTH -> List.of(Request.Mode.SPLIT, Request.Mode.OFFICIAL);
      };
    }
  }

  /** One execution that is to be done. */
  private static final class Attempt {
    final Task task;
    final Request.Mode mode;
    int failures;
    int executions;

    Attempt(Task task, Request.Mode mode) {
      this.task = task;
      this.mode = mode;
    }
  }

  /** The state of one call of {@link #run}. */
  private final class Round {
    final Deque<Attempt> queue = new ConcurrentLinkedDeque<>();
    final List<Attempt> again = new ArrayList<>();
    final List<Attempt> suspects = new ArrayList<>();
    final ResultSink sink;
    final boolean alone;

    Round(ResultSink sink, boolean alone) {
      this.sink = sink;
      this.alone = alone;
    }

    synchronized void done(Attempt attempt, ExecutionResult result) {
      if (result.outcome() == Outcome.TIMEOUT && !alone && mayHaveStarved(result)) {
        attempt.failures = 0;
        again.add(attempt);
        return;
      }
      Task task = attempt.task;
      task.results.put(attempt.mode, result.withExecutions(attempt.executions));
      if (task.results.size() == task.modes().size()) {
        sink.accept(merged(task));
      }
    }

    synchronized void suspect(Attempt attempt) {
      suspects.add(attempt);
    }
  }

  private boolean mayHaveStarved(ExecutionResult result) {
    return result.usage().cpuMillis() < options.limits().cpu().toMillis();
  }

  @Override
  public void run(List<ExecutionJob> jobs, ResultSink sink) {
    stopping = false;
    Round round = new Round(sink, false);
    for (ExecutionJob job : jobs) {
      Task task = new Task(job);
      task.modes().forEach(mode -> round.queue.add(new Attempt(task, mode)));
    }
    forEachSlot(slot -> work(slot, round));
    Round alone = new Round(sink, true);
    alone.queue.addAll(round.again);
    alone.suspects.addAll(round.suspects);
    if (!alone.queue.isEmpty() || !alone.suspects.isEmpty()) {
      inThread(() -> {
        work(0, alone);
        alone.suspects.forEach(suspect -> tryAlone(suspect, alone));
      });
    }
  }

  /** Judges a job that has cost two workers, by what it does to a third that is its own. */
  private void tryAlone(Attempt attempt, Round alone) {
    replace(0);
    Request request = Request.of(attempt.task.job, attempt.mode, options.limits().wall());
    attempt.executions++;
    Worker.Failure third;
    try {
      alone.done(attempt, Verdicts.of(request, answered(request), options.limits()));
      return;
    } catch (Worker.Failure e) {
      third = e;
    }
    replace(0);
    if (!stopping) {
      alone.done(attempt, sentinelPasses() ? endsWorkers(request, third) : lost(request, third));
    }
  }

  /** Whether a fresh worker judges a program well that is known to be right. */
  private boolean sentinelPasses() {
    Request request =
        Request.of(RedTeam.sentinel("a lost worker"), Request.Mode.SPLIT, options.limits().wall());
    try {
      Reply reply = answered(request);
      return Verdicts.of(request, reply, options.limits()).outcome() == Outcome.PASSED;
    } catch (Worker.Failure e) {
      replace(0);
      return false;
    }
  }

  /** The answer to a request that is the only one. */
  private Reply answered(Request request) throws Worker.Failure {
    worker(0).send(request);
    Reply reply = worker(0).receive(options.limits().wall());
    if (!reply.report().dirty().isEmpty()) {
      replace(0);
    }
    return reply;
  }

  /** What one worker's thread does until nothing is left to do. */
  private void work(int slot, Round round) {
    Deque<Flight> flying = new ArrayDeque<>();
    Duration wall = options.limits().wall();
    while (!stopping) {
      try {
        while (flying.size() < (round.alone ? 1 : IN_FLIGHT)) {
          Attempt next = round.queue.poll();
          if (next == null) {
            break;
          }
          Request request = Request.of(next.task.job, next.mode, wall);
          if (!request.fits()) {
            round.done(next, tooLarge(request));
            continue;
          }
          flying.add(new Flight(next, request));
          worker(slot).send(request);
        }
        Flight head = flying.peek();
        if (head == null) {
          return;
        }
        Reply reply = worker(slot).receive(wall);
        flying.remove();
        head.attempt.executions++;
        round.done(head.attempt, Verdicts.of(head.request, reply, options.limits()));
        if (!reply.report().dirty().isEmpty() || worker(slot).served() >= JOBS_PER_WORKER) {
          replace(slot);
          putBack(flying, round);
        }
      } catch (Worker.Failure e) {
        if (stopping) {
          return;
        }
        replace(slot);
        Flight head = flying.poll();
        if (head != null) {
          head.attempt.executions++;
        }
        if (head != null && ++head.attempt.failures >= TRIES) {
          round.suspect(head.attempt);
        } else if (head != null) {
          round.queue.addFirst(head.attempt);
        }
        putBack(flying, round);
      }
    }
  }

  private record Flight(Attempt attempt, Request request) {}

  private static void putBack(Deque<Flight> flying, Round round) {
    while (!flying.isEmpty()) {
      round.queue.addFirst(flying.removeLast().attempt);
    }
  }

  /** The slot's worker; a new one where there is none. */
  private Worker worker(int slot) {
    Worker worker = workers[slot];
    String reason = "";
    for (int i = 0; worker == null; i++) {
      try {
        worker = Worker.start(launcher, options.limits(), clock);
      } catch (Worker.Failure e) {
        reason = e.getMessage() == null ? "" : e.getMessage();
      } catch (SandboxException e) {
        reason = e.getMessage() == null ? "" : e.getMessage();
      }
      if (worker != null) {
        break;
      }
      if (stopping || i == startPauses.size()) {
        throw new SandboxException(
            stopping ? Kind.INTERRUPTED : Kind.LOST,
            "the "
                + launcher.kind()
                + " sandbox went away and does not come back: "
                + reason
                + "\nWhat was judged is kept; repair it and repeat the command to go on.");
      }
      note(startPauses.subList(i, startPauses.size()), reason);
      pause(startPauses.get(i));
    }
    workers[slot] = worker;
    if (stopping) {
      worker.kill();
    }
    return worker;
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

  private void replace(int slot) {
    Worker worker = workers[slot];
    if (worker != null) {
      replacements.incrementAndGet();
      workers[slot] = null;
      worker.kill();
    }
  }

  // ---- results that no supervisor gave ----

  private static ExecutionResult tooLarge(Request request) {
    return new ExecutionResult(
        request.job().id(),
        Outcome.FAILED,
        "the program is larger than " + (WorkerScripts.MAX_PART_BYTES >> 20) + " MiB");
  }

  private static ExecutionResult lost(Request request, Worker.Failure failure) {
    return new ExecutionResult(
        request.job().id(), Outcome.SANDBOX_ERROR, "each time: " + failure.getMessage());
  }

  /** Nothing inside can kill a supervisor but the kernel, and that for want of memory. */
  private static ExecutionResult endsWorkers(Request request, Worker.Failure failure) {
    return failure.status() == KILLED
        ? new ExecutionResult(
            request.job().id(), Outcome.MEMORY, "ended its container each time: out of memory")
        : new ExecutionResult(request.job().id(), Outcome.CRASHED, "ended its container each time");
  }

  /** Where both judged, the split verdict counts and a disagreement is named. */
  private static ExecutionResult merged(Task task) {
    ExecutionResult split = task.results.get(Request.Mode.SPLIT);
    ExecutionResult official = task.results.get(Request.Mode.OFFICIAL);
    if (split == null || official == null) {
      return Objects.requireNonNull(split == null ? official : split);
    }
    return split.comparedWith(official);
  }

  // ---- threads ----

  private interface SlotTask {
    void run(int slot);
  }

  /** Runs a task for every worker at the same time; the first failure stops the others. */
  private void forEachSlot(SlotTask task) {
    try (ExecutorService threads =
        Executors.newThreadPerTaskExecutor(
            Thread.ofPlatform().daemon().name("sandbox-worker-", 0).factory())) {
      List<Future<?>> futures = new ArrayList<>();
      for (int slot = 0; slot < workers.length; slot++) {
        int mine = slot;
        futures.add(
            threads.submit(() -> {
              try {
                task.run(mine);
              } catch (RuntimeException | Error e) {
                stopAll();
                throw e;
              }
            }));
      }
      @Nullable Throwable first = null;
      for (Future<?> future : futures) {
        try {
          future.get();
        } catch (ExecutionException e) {
          first = first == null || isInterruption(first) ? e.getCause() : first;
        } catch (InterruptedException e) {
          stopAll();
          threads.shutdownNow();
          Thread.currentThread().interrupt();
          throw new SandboxException(Kind.INTERRUPTED, "interrupted; what was judged is kept", e);
        }
      }
      if (first instanceof RuntimeException e) {
        throw e;
      }
      if (first instanceof Error e) {
        throw e;
      }
    }
  }

  private static boolean isInterruption(Throwable error) {
    return error instanceof SandboxException e && e.kind() == Kind.INTERRUPTED;
  }

  private void inThread(Runnable task) {
    forEachSlot(slot -> {
      if (slot == 0) {
        task.run();
      }
    });
  }

  private void stopAll() {
    stopping = true;
    killAll();
  }

  private void killAll() {
    for (int slot = 0; slot < workers.length; slot++) {
      Worker worker = workers[slot];
      if (worker != null) {
        worker.kill();
        workers[slot] = null;
      }
    }
  }

  @Override
  public void close() {
    stopping = true;
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // The virtual machine is on its way out; the hook does the same.
    }
    for (int slot = 0; slot < workers.length; slot++) {
      Worker worker = workers[slot];
      workers[slot] = null;
      if (worker != null) {
        worker.close();
      }
    }
    clock.shutdownNow();
    launcher.close();
  }
}
