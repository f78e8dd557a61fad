package dev.quantgate.sandbox.docker;

import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxException.Kind;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The same programs the usual ways, to compare the sandbox's speed with: one {@code docker run} or
 * one {@code docker exec} a program, candidate and test in one process, its exit code taken for the
 * verdict. Faster to write, slower to run, and forged by one line; measured here, never used to
 * score.
 */
public final class PlainDocker {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  /** Which of the two. */
  public enum Way {
    RUN,
    EXEC
  }

  /**
   * A measurement.
   *
   * @param way which of the two
   * @param programs how many were run
   * @param passed how many exited with 0
   * @param seconds wall time
   */
  public record Result(Way way, int programs, int passed, double seconds) {
    public double perSecond() {
      return programs / seconds;
    }

    /** One line for a terminal. */
    public String line() {
      return String.format(
          java.util.Locale.ROOT,
          "docker %s for each: %d programs in %.2f s, %.1f a second, %d passed",
          way.name().toLowerCase(java.util.Locale.ROOT),
          programs,
          seconds,
          perSecond(),
          passed);
    }
  }

  private PlainDocker() {}

  /**
   * Runs programs one way.
   *
   * @param workers how many at the same time
   * @throws SandboxException if there is no engine or image
   */
  public static Result measure(Way way, List<ExecutionJob> jobs, int workers) {
    Engine engine = Engines.find();
    new DockerProvider(engine)
        .unavailable()
        .ifPresent(why -> {
          throw new SandboxException(Kind.UNAVAILABLE, why);
        });
    Queue<ExecutionJob> queue = new ConcurrentLinkedQueue<>(jobs);
    AtomicInteger passed = new AtomicInteger();
    long begin = System.nanoTime();
    try (ExecutorService threads = Executors.newFixedThreadPool(workers)) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < workers; i++) {
        all.add(threads.submit(() -> work(engine, way, queue, passed)));
      }
      for (Future<?> each : all) {
        each.get();
      }
    } catch (ExecutionException e) {
      throw new SandboxException(Kind.LOST, "the measurement failed: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SandboxException(Kind.INTERRUPTED, "interrupted", e);
    }
    return new Result(way, jobs.size(), passed.get(), (System.nanoTime() - begin) / 1e9);
  }

  private static void work(
      Engine engine, Way way, Queue<ExecutionJob> queue, AtomicInteger passed) {
    String name = Owner.containerName();
    List<String> wall =
        List.of(
            "--init",
            "--name",
            name,
            "--label",
            DockerLauncher.LABEL + "=" + Owner.current(),
            "--pull",
            "never",
            "--network",
            "none",
            "--read-only",
            "--cap-drop",
            "ALL",
            "--user",
            "65534:65534",
            "--security-opt",
            "no-new-privileges",
            "--memory",
            "512m",
            "--pids-limit",
            "64",
            "--ulimit",
            "nofile=1024:1024",
            "--ulimit",
            "nproc=1024:1024",
            "--cpus",
            "1",
            "--tmpfs",
            "/tmp:rw,size=64m",
            "--log-driver",
            "none",
            "--entrypoint",
            "python3");
    try {
      if (way == Way.EXEC) {
        List<String> start = new ArrayList<>(List.of("run", "--rm", "--detach"));
        start.addAll(wall);
        start.addAll(List.of(SandboxImage.TAG, "-c", "import time; time.sleep(3600)"));
        engine.run(LIMIT, start.toArray(String[]::new));
      }
      for (ExecutionJob job = queue.poll(); job != null; job = queue.poll()) {
        List<String> command = new ArrayList<>();
        if (way == Way.RUN) {
          command.addAll(List.of("run", "--rm", "--interactive"));
          command.addAll(wall);
          command.addAll(List.of(SandboxImage.TAG, "-I", "-B", "-"));
        } else {
          command.addAll(List.of("exec", "--interactive", name, "python3", "-I", "-B", "-"));
        }
        String program =
            job.prelude()
                + job.prompt()
                + job.completion()
                + "\n"
                + job.test()
                + "\ncheck("
                + job.entryPoint()
                + ")\n";
        var input = new ByteArrayInputStream(program.getBytes(StandardCharsets.UTF_8));
        if (engine.run(LIMIT, input, command.toArray(String[]::new)).ok()) {
          passed.incrementAndGet();
        }
      }
    } finally {
      engine.run(LIMIT, "rm", "--force", name);
    }
  }
}
