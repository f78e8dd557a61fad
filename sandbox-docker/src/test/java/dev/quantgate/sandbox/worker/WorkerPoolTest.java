package dev.quantgate.sandbox.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.Limits;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.SandboxOptions.Checker;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the pool makes of workers that are lost; its supervisors are threads of the test. */
@Timeout(60)
class WorkerPoolTest {
  private static final int KILLED = 137;

  /** Ends its worker's process with the status that its completion names, so many times. */
  private static ExecutionJob deadly(String id, int status, int times) {
    return Problems.twice(id, "die " + status + " " + times);
  }

  @Test
  void aJobThatEndsEveryWorkerIsJudgedForItAndTheOthersAreJudged() {
    Fakes fakes = new Fakes();
    Map<String, ExecutionResult> results =
        run(
            fakes,
            2,
            Problems.right("before"),
            deadly("eats", KILLED, 99),
            Problems.right("between"),
            deadly("breaks", 1, 99),
            Problems.right("after"));
    assertThat(of(results, "eats").outcome()).isEqualTo(Outcome.MEMORY);
    assertThat(of(results, "eats").detail()).isEqualTo("ended its worker each time: out of memory");
    assertThat(of(results, "eats").usage().executions()).isEqualTo(3);
    assertThat(of(results, "breaks").outcome()).isEqualTo(Outcome.CRASHED);
    assertThat(of(results, "breaks").detail()).isEqualTo("ended its worker each time");
    for (String id : List.of("before", "between", "after")) {
      assertThat(of(results, id).outcome()).as(id).isEqualTo(Outcome.PASSED);
    }
  }

  @Test
  void aJobWhoseWorkersWereLostTwiceByChanceIsJudgedByItsThirdExecution() {
    Map<String, ExecutionResult> results =
        run(new Fakes(), 1, deadly("unlucky", KILLED, 2), Problems.right("right"));
    assertThat(of(results, "unlucky").outcome()).isEqualTo(Outcome.PASSED);
    assertThat(of(results, "unlucky").usage().executions()).isEqualTo(3);
    assertThat(of(results, "right").usage().executions()).isEqualTo(1);
  }

  @Test
  void whereAProgramKnownToBeRightIsLostTooItIsTheSandboxsFault() {
    Fakes fakes = new Fakes();
    fakes.sentinelsDie = true;
    Map<String, ExecutionResult> results =
        run(fakes, 1, deadly("job", KILLED, 99), Problems.right("right"));
    assertThat(of(results, "job").outcome()).isEqualTo(Outcome.SANDBOX_ERROR);
    assertThat(of(results, "job").detail())
        .startsWith("each time: the worker ended (exit code 137)");
    assertThat(of(results, "right").outcome()).isEqualTo(Outcome.PASSED);
  }

  @Test
  void anEngineThatComesBackWithinThePausesCostsNoJob() {
    Fakes fakes = new Fakes();
    fakes.refusalsAfterTheFirst = 2;
    Map<String, ExecutionResult> results =
        run(fakes, 1, deadly("job", 1, 1), Problems.right("right"));
    assertThat(results.values()).allMatch(each -> each.outcome() == Outcome.PASSED);
    assertThat(fakes.launches).hasValue(4);
  }

  @Test
  void anEngineThatStaysAwayEndsTheRunWithWhatItSaid() {
    Fakes fakes = new Fakes();
    fakes.refusalsAfterTheFirst = Integer.MAX_VALUE;
    assertThatThrownBy(() -> run(fakes, 1, deadly("job", 1, 1), Problems.right("right")))
        .isInstanceOfSatisfying(
            SandboxException.class,
            error -> assertThat(error.kind()).isEqualTo(SandboxException.Kind.LOST))
        .hasMessage(
            "the fake sandbox went away and does not come back: no engine here\n"
                + "What was judged is kept; repair it and repeat the command to go on.");
    assertThat(fakes.launches).as("one that worked, and one after each pause").hasValue(5);
    assertThat(fakes.notes)
        .containsExactly(
            "waiting for the fake sandbox to come back, 2 s more at most: no engine here",
            "waiting for the fake sandbox to come back, 1 s more at most: no engine here",
            "waiting for the fake sandbox to come back, 0 s more at most: no engine here");
    assertThat(fakes.closed).isTrue();
  }

  private static Map<String, ExecutionResult> run(Fakes fakes, int workers, ExecutionJob... jobs) {
    Map<String, ExecutionResult> results = new HashMap<>();
    List<Duration> pauses =
        List.of(Duration.ofMillis(500), Duration.ofMillis(1000), Duration.ofMillis(999));
    try (CodeSandbox pool =
        WorkerPool.start(
            fakes,
            new SandboxOptions(workers, Checker.SPLIT, Limits.defaults(), fakes.notes::add, false),
            pauses)) {
      pool.run(
          List.of(jobs),
          result -> assertThat(results.put(result.id(), result)).as(result.id()).isNull());
    }
    assertThat(results).hasSize(jobs.length);
    return results;
  }

  private static ExecutionResult of(Map<String, ExecutionResult> results, String id) {
    return Objects.requireNonNull(results.get(id), id);
  }

  /** Launches supervisors that say passed of every program, but for those that are deadly. */
  private static final class Fakes implements WorkerLauncher {
    final AtomicInteger launches = new AtomicInteger();
    final Map<String, Integer> deaths = new HashMap<>();
    final List<String> notes = new CopyOnWriteArrayList<>();
    boolean sentinelsDie;
    int refusalsAfterTheFirst;
    boolean closed;

    @Override
    public String kind() {
      return "fake";
    }

    @Override
    public List<String> scripts() {
      return List.of("roles", "supervisor");
    }

    @Override
    public Launched launch() {
      int launch = launches.incrementAndGet();
      if (launch > 1 && launch - 2 < refusalsAfterTheFirst) {
        throw new SandboxException(SandboxException.Kind.UNAVAILABLE, "no engine here");
      }
      return new Launched(new Supervisor(this), () -> {});
    }

    /** The status with which a completion ends its supervisor this time, or 0. */
    synchronized int death(String completion) {
      if (sentinelsDie && completion.contains("a changed interpreter")) {
        return KILLED;
      }
      String[] words = completion.split(" ");
      return words[0].equals("die")
              && deaths.merge(completion, 1, Integer::sum) <= Integer.parseInt(words[2])
          ? Integer.parseInt(words[1])
          : 0;
    }

    @Override
    public SortedMap<String, String> identity() {
      return new TreeMap<>();
    }

    @Override
    public SortedMap<String, String> facts() {
      return new TreeMap<>();
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  /** A process that is a thread. */
  private static final class Supervisor extends Process {
    private final Fakes fakes;
    private final OutputStream toIt;
    private final InputStream fromIt;
    private final DataInputStream in;
    private final DataOutputStream out;
    private final CompletableFuture<Integer> status = new CompletableFuture<>();

    Supervisor(Fakes fakes) {
      this.fakes = fakes;
      try {
        // The system's pipes: Java's own break where the thread that last used an end has died.
        Pipe to = Pipe.open();
        Pipe from = Pipe.open();
        toIt = Channels.newOutputStream(to.sink());
        fromIt = Channels.newInputStream(from.source());
        in = new DataInputStream(Channels.newInputStream(to.source()));
        out = new DataOutputStream(Channels.newOutputStream(from.sink()));
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
      Thread.ofPlatform().daemon().start(this::serve);
    }

    private void serve() {
      int end = 0;
      try {
        in.readNBytes(in.readInt());
        answer("{\"python\":\"3\",\"implementation\":\"fake\",\"missing\":[]}", "");
        while (end == 0) {
          int size = in.readInt();
          if (size == 0) {
            continue; // a sign of life
          }
          JsonNode head = JsonMapper.shared().readTree(in.readNBytes(size));
          JsonNode program = part(head, 0);
          JsonNode judge = part(head, 1);
          end = fakes.death(program.path("completion").asString());
          if (end == 0) {
            answer(
                """
                {"wall":1,"over":"","starved":0,"cpu":1,"oom":0,"killed":0,"output":0,"dirty":"",
                 "program":null,"judge":{"exit":0,"peak":1,"killed":false}}\
                """,
                "{\"nonce\":\"%s\",\"class\":\"passed\",\"detail\":\"\"}"
                    .formatted(judge.path("nonce").asString()));
          }
        }
      } catch (IOException e) {
        // The other side is through.
      }
      end(end);
    }

    private JsonNode part(JsonNode head, int index) throws IOException {
      return JsonMapper.shared().readTree(in.readNBytes(head.path("sizes").get(index).asInt()));
    }

    private void answer(String report, String verdict) throws IOException {
      out.writeInt(report.length());
      out.writeInt(verdict.length());
      out.writeInt(0);
      out.write((report + verdict).getBytes(StandardCharsets.US_ASCII));
      out.flush();
    }

    private void end(int with) {
      status.complete(with);
      try {
        out.close();
        in.close();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public OutputStream getOutputStream() {
      return toIt;
    }

    @Override
    public InputStream getInputStream() {
      return fromIt;
    }

    @Override
    public InputStream getErrorStream() {
      return InputStream.nullInputStream();
    }

    @Override
    public int waitFor() {
      return status.join();
    }

    @Override
    public int exitValue() {
      if (!status.isDone()) {
        throw new IllegalThreadStateException("it runs");
      }
      return status.join();
    }

    @Override
    public void destroy() {
      end(KILLED);
    }

    @Override
    public java.util.stream.Stream<ProcessHandle> descendants() {
      return java.util.stream.Stream.empty();
    }
  }
}
