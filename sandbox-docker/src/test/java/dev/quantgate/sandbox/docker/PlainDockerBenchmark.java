package dev.quantgate.sandbox.docker;

import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.RedTeam;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxException.Kind;
import dev.quantgate.sandbox.worker.RunOwner;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * Correct programs the usual ways, to compare the sandbox's speed with: one {@code docker run} or
 * one {@code docker exec} a program, candidate and test in one process, its exit code taken for the
 * verdict. Faster to write, slower to run, and forged by one line; measured here, never used to
 * score. Beside them the sandbox itself: {@code quantgate bench --sandbox docker}.
 *
 * <p>{@code java -cp TEST_CLASS_PATH dev.quantgate.sandbox.docker.PlainDockerBenchmark [PROGRAMS
 * [WORKERS]]}
 */
final class PlainDockerBenchmark {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  /** Which of the two. */
  private enum Way {
    RUN,
    EXEC
  }

  private PlainDockerBenchmark() {}

  public static void main(String[] arguments) throws Exception {
    int programs = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 32;
    int workers =
        arguments.length > 1
            ? Integer.parseInt(arguments[1])
            : Runtime.getRuntime().availableProcessors();
    List<ExecutionJob> jobs =
        IntStream.range(0, programs).mapToObj(i -> RedTeam.sentinel("program " + i)).toList();
    Engine engine = Engines.find();
    new DockerProvider(engine)
        .unavailable()
        .ifPresent(why -> {
          throw new SandboxException(Kind.UNAVAILABLE, why);
        });
    for (Way way : Way.values()) {
      measure(engine, way, jobs, workers);
    }
  }

  private static void measure(Engine engine, Way way, List<ExecutionJob> jobs, int workers)
      throws Exception {
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
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    System.out.printf(
        Locale.ROOT,
        "docker %s for each: %d programs in %.2f s, %.1f a second, %d passed%n",
        way.name().toLowerCase(Locale.ROOT),
        jobs.size(),
        seconds,
        jobs.size() / seconds,
        passed.get());
  }

  private static void work(
      Engine engine, Way way, Queue<ExecutionJob> queue, AtomicInteger passed) {
    String name = RunOwner.containerName();
    List<String> wall =
        List.of(
            "--init",
            "--name",
            name,
            "--label",
            DockerLauncher.LABEL + "=" + RunOwner.current(),
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
