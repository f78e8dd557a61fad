package dev.quantgate.sandbox.embedded;

import dev.quantgate.sandbox.ExecutionResult.Outcome;
import io.trino.wasm.python.Python;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import run.endive.runtime.WasmInterruptedException;
import run.endive.wasm.WasmModule;

/**
 * The main class of a worker process. It reads jobs from standard input and writes results to
 * standard output, in {@link Wire} frames; the end of its input is its own end.
 *
 * <p>Jobs: {@code id, checker, token, cpu ms, wall ms, prelude, prompt, completion, test, entry}.
 * Results: {@code id, outcome, detail, wall ms, cpu ms, peak bytes, exit}. First of all it says
 * {@code ready}.
 */
public final class Worker {
  /** Python's own recursion is bounded by Python; this bounds the C functions below it. */
  private static final long STACK_BYTES = 256L << 20;

  private static final int TICK_MILLIS = 10;

  private final ThreadMXBean clock = ManagementFactory.getThreadMXBean();
  private final LinkedBlockingQueue<List<String>> jobs = new LinkedBlockingQueue<>();
  private final List<Desk> desks = new ArrayList<>();
  private final OutputStream out;

  private Worker(OutputStream out) {
    this.out = out;
  }

  /** Arguments: lanes, bytes of memory and ms of sleep for a candidate, the file of the image. */
  public static void main(String[] args) throws Exception {
    OutputStream out = System.out;
    System.setOut(new PrintStream(OutputStream.nullOutputStream()));
    new Worker(out)
        .run(
            Integer.parseInt(args[0]),
            Long.parseLong(args[1]),
            Long.parseLong(args[2]) * 1_000_000,
            Path.of(args[3]));
  }

  private void run(int lanes, long candidateBytes, long sleepNanos, Path imageFile)
      throws IOException {
    WasmModule module = Python.load();
    Interpreter.Image image = Images.prepared(module, imageFile);
    for (int i = 0; i < lanes; i++) {
      Desk desk = new Desk(new Lane(module, image, candidateBytes, sleepNanos));
      desks.add(desk);
      desk.thread = new Thread(null, desk, "lane-" + i, STACK_BYTES);
      desk.thread.setDaemon(true);
      desk.thread.start();
    }
    Thread.ofPlatform().daemon().name("watchdog").start(this::watch);
    Wire.write(out, "ready");
    try (var in = new DataInputStream(new BufferedInputStream(System.in))) {
      while (true) {
        jobs.add(Wire.read(in));
      }
    } catch (EOFException e) {
      System.exit(0);
    }
  }

  private void watch() {
    while (true) {
      try {
        Thread.sleep(TICK_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
      desks.forEach(Desk::check);
    }
  }

  /** One lane, its thread, and the deadline of what it does. */
  private final class Desk implements Runnable {
    private final Lane lane;
    private Thread thread = Thread.currentThread();
    private boolean busy;
    private boolean expired;
    private long cpuEnd;
    private long wallEnd;

    Desk(Lane lane) {
      this.lane = lane;
    }

    private long cpu() {
      return clock.getThreadCpuTime(thread.threadId());
    }

    synchronized void check() {
      if (busy && !expired && (cpu() > cpuEnd || System.nanoTime() > wallEnd)) {
        expired = true;
        thread.interrupt();
      }
    }

    private synchronized void begin(long cpuMillis, long wallMillis) {
      busy = true;
      expired = false;
      cpuEnd = cpu() + cpuMillis * 1_000_000;
      wallEnd = System.nanoTime() + wallMillis * 1_000_000;
    }

    private synchronized void end() {
      busy = false;
      Thread.interrupted();
    }

    @Override
    public void run() {
      try {
        while (true) {
          carryOut(jobs.take());
        }
      } catch (InterruptedException | IOException e) {
        System.exit(1);
      }
    }

    private void carryOut(List<String> job) throws IOException {
      long wall = System.nanoTime();
      long cpu = cpu();
      begin(Long.parseLong(job.get(3)), Long.parseLong(job.get(4)));
      Lane.Verdict verdict;
      try {
        var text =
            new Lane.Job(job.get(2), job.get(5), job.get(6), job.get(7), job.get(8), job.get(9));
        verdict =
            switch (job.get(1)) {
              case "SPLIT" -> lane.split(text);
              case "OFFICIAL" -> lane.official(text);
              default -> throw new IllegalArgumentException("checker " + job.get(1));
            };
      } catch (WasmInterruptedException e) {
        verdict = new Lane.Verdict(Outcome.TIMEOUT, "", 0, 0);
      } finally {
        end();
      }
      Wire.write(
          out,
          job.get(0),
          verdict.outcome().name(),
          verdict.detail(),
          Long.toString((System.nanoTime() - wall) / 1_000_000),
          Long.toString((cpu() - cpu) / 1_000_000),
          Long.toString(verdict.peakBytes()),
          Integer.toString(verdict.exit()));
    }
  }
}
