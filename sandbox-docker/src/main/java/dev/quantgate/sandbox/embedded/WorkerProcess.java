package dev.quantgate.sandbox.embedded;

import dev.quantgate.sandbox.Limits;
import dev.quantgate.sandbox.SandboxException;
import io.trino.wasm.python.Python;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import run.endive.runtime.Instance;
import run.endive.wasm.WasmModule;

/** A worker JVM, seen from the harness: jobs in, replies out, and its end. */
final class WorkerProcess implements AutoCloseable {
  /**
   * The compiler's limits are lifted because the interpreter's loop, one method of WebAssembly, is
   * larger than what it accepts by default; compiled it is about five times faster.
   */
  private static final List<String> FLAGS =
      List.of(
          "-XX:+ExitOnOutOfMemoryError",
          "-XX:-DontCompileHugeMethods",
          "-XX:MaxNodeLimit=1000000",
          "-XX:NodeLimitFudgeFactor=20000",
          "-XX:+UseSerialGC",
          "-XX:-UsePerfData",
          "-XX:+DisableAttachMechanism",
          "-Xshare:auto");

  private static final long BASE_BYTES = 320L << 20;
  private static final long LANE_BYTES = 120L << 20;
  private static final int KEPT_ERROR = 4000;

  private final Process process;
  private final StringBuilder error = new StringBuilder();

  private WorkerProcess(Process process) {
    this.process = process;
  }

  /** What a candidate may hold; a 32-bit interpreter's objects take half of a native one's. */
  static long candidateBytes(Limits limits) {
    return limits.memoryBytes() / 2;
  }

  /**
   * Starts a worker. Each of its frames goes to {@code replies}, from another thread; its end is an
   * empty frame.
   */
  static WorkerProcess start(int lanes, Limits limits, Consumer<List<String>> replies) {
    long candidate = candidateBytes(limits);
    // Room for two greedy candidates at a time, whose arrays are copied when they grow. Where more
    // are greedy at once the process ends itself, and its jobs are repeated one by one.
    long heap = BASE_BYTES + lanes * LANE_BYTES + 2 * (2 * candidate + candidate / 4);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx" + (heap >> 20) + "m");
    command.addAll(FLAGS);
    command.add("-cp");
    command.add(classPath());
    command.add(Worker.class.getName());
    command.add(Integer.toString(lanes));
    command.add(Long.toString(candidate));
    command.add(Long.toString(limits.wall().toMillis()));
    command.add(Integer.toString(limits.outputBytes()));
    command.add(Integer.toString(limits.frameBytes()));
    command.add(Cache.file("interpreter.image").toString());
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().clear();
    try {
      WorkerProcess worker = new WorkerProcess(builder.start());
      Thread.ofPlatform().daemon().name("sandbox-replies").start(() -> worker.read(replies));
      Thread.ofPlatform().daemon().name("sandbox-errors").start(worker::keepErrors);
      return worker;
    } catch (IOException e) {
      throw new SandboxException(
          SandboxException.Kind.UNAVAILABLE, "cannot start a Java process: " + e.getMessage(), e);
    }
  }

  /** Only what a worker needs, wherever the harness found it. */
  private static String classPath() {
    return Stream.of(Worker.class, Python.class, Instance.class, WasmModule.class)
        .map(WorkerProcess::location)
        .distinct()
        .collect(Collectors.joining(java.io.File.pathSeparator));
  }

  private static String location(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private void read(Consumer<List<String>> replies) {
    try (var in = new DataInputStream(new BufferedInputStream(process.getInputStream()))) {
      while (true) {
        replies.accept(Wire.read(in));
      }
    } catch (IOException e) {
      process.destroyForcibly();
      replies.accept(List.of());
    }
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

  void send(String... job) throws IOException {
    Wire.write(process.getOutputStream(), job);
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
      return (status == null ? "still running" : "exit status " + status)
          + (text.isEmpty() ? "" : ": " + text.substring(0, Math.min(text.length(), 500)));
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
