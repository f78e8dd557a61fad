package dev.quantgate.sandbox.embedded;

import dev.quantgate.guest.GuestPython;
import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.SandboxDescription;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxException.Kind;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.Usage;
import dev.quantgate.sandbox.judging.Attempt;
import dev.quantgate.sandbox.judging.Attempt.Mode;
import dev.quantgate.sandbox.judging.Execution;
import dev.quantgate.sandbox.judging.Execution.Time;
import dev.quantgate.sandbox.judging.JudgingSandbox;
import dev.quantgate.sandbox.judging.Lost;
import dev.quantgate.sandbox.judging.Slot;
import dev.quantgate.sandbox.judging.Slots;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One worker JVM with a lane for each slot, so that what its compiler learns from one job serves
 * them all. When it dies, the jobs of all its lanes are lost.
 */
final class EmbeddedSlots implements Slots {
  /** A worker that says nothing for so long after a job's time is up is gone. */
  private static final Duration GRACE = Duration.ofSeconds(30);

  /** How much longer a job may take than it computes and sleeps, on the busiest machine. */
  private static final int STARVATION = 20;

  private final SandboxOptions options;
  private final Map<String, String> facts = new TreeMap<>();
  private final List<Lane> lanes;
  private @Nullable WorkerProcess worker;
  private double slowDown = 1;
  private int started;
  private boolean stopped;

  private EmbeddedSlots(SandboxOptions options) {
    this.options = options;
    lanes = Stream.generate(Lane::new).limit(options.workers()).toList();
  }

  /**
   * Starts a worker and measures its speed.
   *
   * @throws SandboxException if it does not start
   */
  static CodeSandbox open(SandboxOptions options) {
    EmbeddedSlots slots = new EmbeddedSlots(options);
    try {
      long begin = System.nanoTime();
      slots.worker();
      slots.facts.put("startMillis", Long.toString((System.nanoTime() - begin) / 1_000_000));
      slots.calibrate();
      return new JudgingSandbox(slots, options.checker());
    } catch (RuntimeException e) {
      slots.close();
      throw e;
    }
  }

  private void calibrate() {
    int cap = options.limits().slowDownCap();
    slowDown = cap;
    slowDown = Calibration.measure(this::cpuMillis, cap);
  }

  private long cpuMillis(String program) {
    ExecutionJob job = new ExecutionJob("calibration", "", "", program, "def check(f): f()", "f");
    try {
      Attempt attempt = new Attempt(job, Mode.OFFICIAL);
      ExecutionResult result = lanes.getFirst().execute(attempt).result();
      if (result.outcome() == Outcome.PASSED) {
        return result.usage().cpuMillis();
      }
      throw new SandboxException(
          Kind.SELF_TEST_FAILED,
          "the calibration program ended as %s, not PASSED: %s"
              .formatted(result.outcome(), result.detail()));
    } catch (Lost e) {
      throw new SandboxException(
          Kind.UNAVAILABLE, "the embedded Python ended at once: %s".formatted(e.getMessage()), e);
    }
  }

  @Override
  public synchronized SandboxDescription description() {
    TreeMap<String, String> identity = new TreeMap<>();
    identity.put("python", GuestPython.VERSION);
    identity.put("runtime", GuestPython.runtime());
    identity.put("checker", options.checker().name().toLowerCase(Locale.ROOT));
    identity.put("checkerSha256", Resources.sha256());
    identity.put("limits", options.limits().toString());
    identity.put("seed", "0");
    TreeMap<String, String> now = new TreeMap<>(facts);
    now.put("slowDown", String.format(Locale.ROOT, "%.1f", slowDown));
    now.put("timeLimitMillis", Long.toString(cpuLimit().toMillis()));
    now.put("replacements", Integer.toString(started - 1));
    now.put("workers", Integer.toString(options.workers()));
    return new SandboxDescription(EmbeddedProvider.KIND, true, identity, now);
  }

  private Duration cpuLimit() {
    return Duration.ofMillis((long) (options.limits().cpu().toMillis() * slowDown));
  }

  /**
   * CPU time and sleep are what count, so that a busy machine fails no program; this only ends what
   * escapes both counts.
   */
  private Duration wallLimit() {
    return cpuLimit().plus(options.limits().wall()).multipliedBy(STARVATION);
  }

  @Override
  public List<? extends Slot> all() {
    return lanes;
  }

  /** A worker's end may be the fault of the job in another lane. */
  @Override
  public int lossesBeside() {
    return 1;
  }

  @Override
  public synchronized void begin() {
    stopped = false;
  }

  @Override
  public synchronized void stop() {
    stopped = true;
    endWorker();
  }

  @Override
  public void close() {
    stop();
  }

  private synchronized void endWorker() {
    if (worker != null) {
      worker.close();
      worker = null;
    }
  }

  /** The worker that is there, or a fresh one. */
  private synchronized WorkerProcess worker() {
    WorkerProcess current = worker;
    if (current == null || current.isGone()) {
      if (stopped) {
        throw new SandboxException(Kind.INTERRUPTED, "interrupted; what was judged is kept");
      }
      current = WorkerProcess.start(options);
      worker = current;
      started++;
    }
    return current;
  }

  /** One lane of whatever worker there is. */
  private final class Lane implements Slot {

    @Override
    public Execution execute(Attempt attempt) throws Lost {
      WorkerJob job =
          new WorkerJob(
              UUID.randomUUID().toString(),
              attempt.mode() == Mode.OFFICIAL,
              UUID.randomUUID().toString(),
              cpuLimit().toMillis(),
              wallLimit().toMillis(),
              attempt.job());
      WorkerReply reply = worker().carryOut(job, wallLimit().plus(GRACE));
      return new Execution(result(attempt.job(), reply), time(reply));
    }

    @Override
    public void renew() {
      endWorker();
    }
  }

  private static Time time(WorkerReply reply) {
    return reply.clock() == WorkerReply.Clock.WALL ? Time.STARVED : Time.SPENT;
  }

  private ExecutionResult result(ExecutionJob job, WorkerReply reply) {
    var verdict = reply.verdict();
    String detail =
        verdict.outcome() == Outcome.TIMEOUT
            ? String.format(
                Locale.ROOT,
                "no verdict within %.1f s (%.1f s x slow-down %.1f)",
                cpuLimit().toMillis() / 1e3,
                options.limits().cpu().toMillis() / 1e3,
                slowDown)
            : verdict.detail();
    return new ExecutionResult(
        job.id(),
        verdict.outcome(),
        detail,
        verdict.exit(),
        new Usage(
            reply.wallMillis(),
            reply.cpuMillis(),
            verdict.peakBytes(),
            0,
            reply.outputBytes(),
            reply.output(),
            "",
            1),
        Optional.empty(),
        verdict.doubt(),
        verdict.line());
  }
}
