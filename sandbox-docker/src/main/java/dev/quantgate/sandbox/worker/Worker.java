package dev.quantgate.sandbox.worker;

import dev.quantgate.sandbox.Limits;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * One running supervisor. Used by one thread; {@link #kill()} may come from any.
 *
 * <p>Every wait has a watchdog: when the supervisor does not answer in time, its client is killed,
 * the streams break, and the caller sees a {@link Failure}.
 */
final class Worker {
  /** What the supervisor gets on top of a job's own limit before it is taken for lost. */
  static final Duration GRACE = Duration.ofSeconds(5);

  private static final Duration START = Duration.ofSeconds(30);

  /** How often a supervisor hears of us; after a minute of silence it ends. */
  private static final Duration LIFE = Duration.ofSeconds(5);

  private static final int MAX_ERROR_BYTES = 4096;

  private final WorkerLauncher.Launched launched;
  private final ScheduledExecutorService clock;
  private final DataInputStream in;
  private final OutputStream out;
  private final ReentrantLock writing = new ReentrantLock();
  private final AtomicBoolean dead = new AtomicBoolean();
  private final AtomicBoolean late = new AtomicBoolean();
  private final StringBuffer complaints = new StringBuffer();
  private final Map<String, Object> hello;
  private final int maxOutput;
  private int served;

  /** The supervisor is lost. The message says how, for people. */
  static final class Failure extends Exception {
    private static final long serialVersionUID = 1;

    private final int status;

    Failure(String message, int status) {
      super(message);
      this.status = status;
    }

    @Override
    public String getMessage() {
      return Objects.requireNonNull(super.getMessage());
    }

    /** The exit status with which it ended by itself; -1 where it did not, or is not known. */
    int status() {
      return status;
    }
  }

  private Worker(WorkerLauncher launcher, Limits limits, ScheduledExecutorService clock)
      throws Failure {
    this.clock = clock;
    maxOutput = limits.outputBytes();
    launched = launcher.launch();
    in = new DataInputStream(new BufferedInputStream(launched.process().getInputStream(), 1 << 15));
    out = launched.process().getOutputStream();
    Thread.ofVirtual().start(this::listenToComplaints);
    byte[] setup = Request.setupFrame(WorkerScripts.setup(launcher, limits));
    try {
      hello =
          watched(
              START,
              () -> {
                out.write(setup);
                out.flush();
                int size = in.readInt();
                in.readInt();
                in.readInt();
                if (size < 0 || size > 1 << 16) {
                  throw new IOException("a greeting of %d bytes".formatted(size));
                }
                return greeting(in.readNBytes(size));
              });
    } catch (Failure e) {
      close();
      throw e;
    }
    Thread.ofVirtual().start(this::showLife);
  }

  private void showLife() {
    try {
      while (!dead.get()) {
        Thread.sleep(LIFE);
        write(new byte[4]);
      }
    } catch (IOException | InterruptedException e) {
      // It is gone, which whoever waits for it learns.
    }
  }

  private void write(byte[] frame) throws IOException {
    writing.lock();
    try {
      out.write(frame);
      out.flush();
    } finally {
      writing.unlock();
    }
  }

  static Worker start(WorkerLauncher launcher, Limits limits, ScheduledExecutorService clock)
      throws Failure {
    return new Worker(launcher, limits, clock);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> greeting(byte[] json) throws IOException {
    try {
      return JsonMapper.shared().readValue(json, Map.class);
    } catch (JacksonException e) {
      throw new IOException(
          "not a greeting: %s".formatted(new String(json, StandardCharsets.UTF_8)), e);
    }
  }

  /** What the supervisor said of itself: Python's version and the like. */
  Map<String, Object> hello() {
    return hello;
  }

  int served() {
    return served;
  }

  /** Hands over a job and waits for its answer, which is late where no sign of life precedes it. */
  Reply carryOut(Request request, Duration wall) throws Failure {
    watched(
        GRACE.multipliedBy(4),
        () -> {
          write(request.frame());
          return request;
        });
    Optional<Reply> reply = Optional.empty();
    while (reply.isEmpty()) {
      reply = watched(wall.plus(GRACE), () -> Reply.read(in, maxOutput));
    }
    served++;
    return reply.get();
  }

  private interface Step<T> {
    T run() throws IOException;
  }

  private <T> T watched(Duration limit, Step<T> step) throws Failure {
    ScheduledFuture<?> watchdog =
        clock.schedule(
            () -> {
              late.set(true);
              kill();
            },
            limit.toMillis(),
            TimeUnit.MILLISECONDS);
    try {
      return step.run();
    } catch (IOException e) {
      throw failure(limit, e);
    } finally {
      watchdog.cancel(false);
    }
  }

  private Failure failure(Duration limit, IOException error) {
    if (late.get()) {
      return new Failure("no answer within %s s".formatted(limit.toMillis() / 1000.0), -1);
    }
    int status = -1;
    try {
      if (launched.process().waitFor(2, TimeUnit.SECONDS)) {
        status = launched.process().exitValue();
      }
      // The last words come through a thread of their own.
      Thread.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    String code = status < 0 ? "" : " (exit code %s)".formatted(status);
    String said = FailureLine.of(complaints.toString());
    String why = error.getMessage() == null ? "" : ": %s".formatted(error.getMessage());
    return new Failure(
        said.isEmpty() ? "the worker ended%s%s".formatted(code, why) : said + code, status);
  }

  private void listenToComplaints() {
    byte[] chunk = new byte[512];
    try (InputStream errors = launched.process().getErrorStream()) {
      for (int n = errors.read(chunk); n >= 0; n = errors.read(chunk)) {
        if (complaints.length() < MAX_ERROR_BYTES) {
          complaints.append(new String(chunk, 0, n, StandardCharsets.UTF_8));
        }
      }
    } catch (IOException e) {
      // The client is gone; what it said is kept.
    }
  }

  /** Ends it at once and for sure. */
  void kill() {
    if (dead.compareAndSet(false, true)) {
      // A client's own children first: once it is gone nobody knows them.
      launched.process().descendants().forEach(ProcessHandle::destroyForcibly);
      launched.process().destroyForcibly();
      launched.remove().run();
    }
  }

  /** Lets it end by itself, which it does when its input ends, and makes sure that it did. */
  void close() {
    try {
      out.close();
      if (!launched.process().waitFor(3, TimeUnit.SECONDS)) {
        kill();
      } else if (dead.compareAndSet(false, true) && launched.process().exitValue() != 0) {
        launched.remove().run();
      }
    } catch (IOException e) {
      kill();
    } catch (InterruptedException e) {
      kill();
      Thread.currentThread().interrupt();
    }
  }
}
