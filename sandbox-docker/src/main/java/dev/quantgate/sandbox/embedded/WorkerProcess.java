package dev.quantgate.sandbox.embedded;

import dev.quantgate.guest.GuestPython;
import dev.quantgate.sandbox.Limits;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.judging.Lost;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A worker JVM, seen from the harness: jobs in, replies out, and its end. Used by many threads. */
final class WorkerProcess implements AutoCloseable {
  private static final List<String> FLAGS =
      List.of(
          "-XX:+ExitOnOutOfMemoryError",
          "-XX:-DontCompileHugeMethods",
          "-XX:+UseSerialGC",
          "-XX:-UsePerfData",
          "-XX:+DisableAttachMechanism",
          "-Xshare:auto");

  /**
   * The optimizing compiler's limits are lifted because the interpreter's loop, one method of
   * WebAssembly, is larger than what it accepts by default; compiled it is about five times faster.
   */
  private static final List<String> THOROUGH =
      List.of("-XX:MaxNodeLimit=1000000", "-XX:NodeLimitFudgeFactor=20000");

  /**
   * The optimizing compiler compiles that loop again for each way through it that it has not seen:
   * two minutes in a thousand unlike programs, which are over before they gain from it.
   */
  private static final List<String> BRIEF = List.of("-XX:TieredStopAtLevel=1");

  private static final long BASE_BYTES = 320L << 20;
  private static final long LANE_BYTES = 180L << 20;
  private static final int KEPT_ERROR = 4000;
  private static final Duration START_LIMIT = Duration.ofSeconds(300);

  /** What a virtual machine exits with under -XX:+ExitOnOutOfMemoryError. */
  private static final int OUT_OF_MEMORY = 3;

  private final Process process;
  private final StringBuilder error = new StringBuilder();
  private final CompletableFuture<List<String>> ready = new CompletableFuture<>();
  private final Map<String, CompletableFuture<WorkerReply>> waiting = new ConcurrentHashMap<>();
  private volatile boolean gone;

  private WorkerProcess(Process process) {
    this.process = process;
  }

  /** What a candidate may hold; a 32-bit interpreter's objects take half of a native one's. */
  static long candidateBytes(Limits limits) {
    return limits.memoryBytes() / 2;
  }

  /**
   * Starts a worker and waits until it is ready.
   *
   * @throws SandboxException if it does not get ready
   */
  static WorkerProcess start(SandboxOptions options) {
    int lanes = options.workers();
    Limits limits = options.limits();
    long candidate = candidateBytes(limits);
    // Room for two greedy candidates at a time, whose arrays are copied when they grow. Where more
    // are greedy at once the process ends itself, and its jobs are repeated one by one.
    long heap = BASE_BYTES + lanes * LANE_BYTES + 2 * (2 * candidate + candidate / 4);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx%dm".formatted(heap >> 20));
    command.addAll(FLAGS);
    command.addAll(options.brief() ? BRIEF : THOROUGH);
    command.add("-cp");
    command.add(classPath());
    command.add(Worker.class.getName());
    command.add(Integer.toString(lanes));
    command.add(Long.toString(candidate));
    command.add(Long.toString(limits.wall().toMillis()));
    command.add(Integer.toString(limits.outputBytes()));
    command.add(Integer.toString(limits.frameBytes()));
    command.add(Resources.program().file().toString());
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().clear();
    WorkerProcess worker;
    try {
      worker = new WorkerProcess(builder.start());
    } catch (IOException e) {
      throw new SandboxException(
          SandboxException.Kind.UNAVAILABLE,
          "cannot start a Java process: %s".formatted(e.getMessage()),
          e);
    }
    Thread.ofPlatform().daemon().name("sandbox-replies").start(worker::read);
    Thread.ofPlatform().daemon().name("sandbox-errors").start(worker::keepErrors);
    worker.awaitReady();
    return worker;
  }

  private void awaitReady() {
    try {
      ready.get(START_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      String why = lastWords();
      close();
      throw new SandboxException(
          SandboxException.Kind.UNAVAILABLE,
          "the embedded Python did not start within %d s: %s"
              .formatted(START_LIMIT.toSeconds(), why),
          e);
    } catch (InterruptedException e) {
      close();
      Thread.currentThread().interrupt();
      throw new SandboxException(SandboxException.Kind.INTERRUPTED, "interrupted", e);
    }
  }

  /** Only what a worker needs, wherever the harness found it. */
  private static String classPath() {
    Path own;
    try {
      own = Path.of(Worker.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
    return Stream.concat(Stream.of(own), GuestPython.classPath().stream())
        .map(Path::toString)
        .collect(Collectors.joining(File.pathSeparator));
  }

  private void read() {
    try (var in = new DataInputStream(new BufferedInputStream(process.getInputStream()))) {
      ready.complete(Wire.read(in));
      while (true) {
        WorkerReply reply = WorkerReply.decode(Wire.read(in));
        CompletableFuture<WorkerReply> asked = waiting.remove(reply.id());
        if (asked != null) {
          asked.complete(reply);
        }
      }
    } catch (IOException | RuntimeException e) {
      process.destroyForcibly();
      gone = true;
      ready.completeExceptionally(e);
      waiting.values().forEach(each -> each.completeExceptionally(e));
    }
  }

  /** Whether its end has been seen. */
  boolean isGone() {
    return gone;
  }

  /**
   * Has a lane carry out a job.
   *
   * @param limit after which a worker that says nothing is ended
   * @throws Lost if it ends before it has answered
   */
  WorkerReply carryOut(WorkerJob job, Duration limit) throws Lost {
    CompletableFuture<WorkerReply> reply = new CompletableFuture<>();
    waiting.put(job.id(), reply);
    try {
      if (gone) {
        throw lost();
      }
      Wire.write(process.getOutputStream(), job.encode());
      return reply.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (IOException | ExecutionException e) {
      throw lost();
    } catch (TimeoutException e) {
      close();
      throw new Lost("no answer within %d s".formatted(limit.toSeconds()), false);
    } catch (InterruptedException e) {
      close();
      Thread.currentThread().interrupt();
      throw new SandboxException(SandboxException.Kind.INTERRUPTED, "interrupted", e);
    } finally {
      waiting.remove(job.id());
    }
  }

  private Lost lost() {
    String words = lastWords();
    boolean ended = !process.isAlive();
    return new Lost(
        "the worker died: %s".formatted(words), ended && process.exitValue() == OUT_OF_MEMORY);
  }

  private void keepErrors() {
    byte[] buffer = new byte[1024];
    try (var in = process.getErrorStream()) {
      int length;
      while ((length = in.read(buffer)) >= 0) {
        synchronized (error) {
          if (error.length() < KEPT_ERROR) {
            error.append(new String(buffer, 0, length, StandardCharsets.UTF_8));
          }
        }
      }
    } catch (IOException e) {
      // The process is gone, and so is what it wanted to say.
    }
  }

  /** What it said before it ended, in one line. */
  String lastWords() {
    @Nullable Integer status = null;
    try {
      if (process.waitFor(1, TimeUnit.SECONDS)) {
        status = process.exitValue();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    synchronized (error) {
      String text = error.toString().strip().replaceAll("\\s*\\R\\s*", " | ");
      return (status == null ? "still running" : "exit status %s".formatted(status))
          + (text.isEmpty() ? "" : ": " + text.substring(0, Math.min(text.length(), 500)));
    }
  }

  @Override
  public void close() {
    gone = true;
    process.destroyForcibly();
  }
}
