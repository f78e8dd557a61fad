package dev.quantgate.sandbox.embedded;

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
 * Results: {@code id, outcome, detail, wall ms, cpu ms, peak bytes, exit, output bytes, output}. A
 * timeout's detail names the clock that ran out. First of all it says {@code ready}.
 */
public final class Worker {
  /** Python's own recursion is bounded by Python; this bounds the C functions below it. */
  private static final long STACK_BYTES = 256L << 20;

  private static final int TICK_MILLIS = 10;

  /** The clocks of a job. */
  static final String WALL = "wall";

  private static final String CPU = "cpu";

  private final ThreadMXBean clock = ManagementFactory.getThreadMXBean();
  private final LinkedBlockingQueue<List<String>> jobs = new LinkedBlockingQueue<>();
  private final List<Desk> desks = new ArrayList<>();
  private final OutputStream out;

  private Worker(OutputStream out) {
    this.out = out;
  }

  /**
   * Arguments: lanes; bytes of memory, ms of sleep, kept bytes of output and bytes of a message for
   * a candidate; the file of the image.
   */
  public static void main(String[] args) throws Exception {
    OutputStream out = System.out;
    System.setOut(new PrintStream(OutputStream.nullOutputStream()));
    new Worker(out)
        .run(
            Integer.parseInt(args[0]),
            new Lane.Terms(
                Long.parseLong(args[1]),
                Long.parseLong(args[2]) * 1_000_000,
                Integer.parseInt(args[3]),
                Integer.parseInt(args[4])),
            Path.of(args[5]));
  }

  private void run(int lanes, Lane.Terms terms, Path imageFile) throws IOException {
    WasmModule module = Python.load();
    Interpreter.Image image = Images.prepared(module, imageFile);
    for (int i = 0; i < lanes; i++) {
      Desk desk = new Desk(new Lane(module, image, terms));
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
    private String clockThatRanOut = CPU;
    private long cpuEnd;
    private long wallEnd;

    Desk(Lane lane) {
      this.lane = lane;
    }

    private long cpu() {
      return clock.getThreadCpuTime(thread.threadId());
    }

    synchronized void check() {
      if (!busy || expired) {
        return;
      }
      boolean cpuIsUp = cpu() > cpuEnd;
      if (cpuIsUp || System.nanoTime() > wallEnd) {
        expired = true;
        clockThatRanOut = cpuIsUp ? CPU : WALL;
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

    /** Sleep is counted as CPU time is: it does not depend on what else runs. */
    private synchronized String ranOut(WasmInterruptedException e) {
      return e instanceof GuestHost.Overslept ? CPU : clockThatRanOut;
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
        verdict = lane.timeout(ranOut(e));
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
          Integer.toString(verdict.exit()),
          Long.toString(lane.outputBytes()),
          lane.output());
    }
  }
}
