package dev.quantgate.sandbox.embedded;

import dev.quantgate.sandbox.embedded.WorkerReply.Clock;
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
 * <p>Jobs are {@link WorkerJob}s, answers {@link WorkerReply}s. First of all it says {@code ready}.
 */
public final class Worker {
  /** Python's own recursion is bounded by Python; this bounds the C functions below it. */
  private static final long STACK_BYTES = 256L << 20;

  private static final int TICK_MILLIS = 10;

  private final ThreadMXBean clock = ManagementFactory.getThreadMXBean();
  private final LinkedBlockingQueue<WorkerJob> jobs = new LinkedBlockingQueue<>();
  private final List<LaneThread> laneThreads = new ArrayList<>();
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
      LaneThread laneThread = new LaneThread(new Lane(module, image, terms));
      laneThreads.add(laneThread);
      laneThread.thread = new Thread(null, laneThread, "lane-" + i, STACK_BYTES);
      laneThread.thread.setDaemon(true);
      laneThread.thread.start();
    }
    Thread.ofPlatform().daemon().name("watchdog").start(this::watch);
    Wire.write(out, List.of("ready"));
    try (var in = new DataInputStream(new BufferedInputStream(System.in))) {
      while (true) {
        jobs.add(WorkerJob.decode(Wire.read(in)));
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
      laneThreads.forEach(LaneThread::check);
    }
  }

  /** One lane, its thread, and the deadline of what it does. */
  private final class LaneThread implements Runnable {
    private final Lane lane;
    private Thread thread = Thread.currentThread();
    private boolean busy;
    private boolean expired;
    private Clock clockThatRanOut = Clock.CPU;
    private long cpuEnd;
    private long wallEnd;

    LaneThread(Lane lane) {
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
        clockThatRanOut = cpuIsUp ? Clock.CPU : Clock.WALL;
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
    private synchronized Clock ranOut(WasmInterruptedException e) {
      return e instanceof GuestHost.Overslept ? Clock.CPU : clockThatRanOut;
    }

    private void carryOut(WorkerJob job) throws IOException {
      long wall = System.nanoTime();
      long cpu = cpu();
      begin(job.cpuMillis(), job.wallMillis());
      Lane.Verdict verdict;
      Clock ranOut = Clock.NONE;
      try {
        verdict = lane.run(job);
      } catch (WasmInterruptedException e) {
        verdict = lane.timeout();
        ranOut = ranOut(e);
      } finally {
        end();
      }
      Wire.write(
          out,
          new WorkerReply(
                  job.id(),
                  verdict,
                  ranOut,
                  (System.nanoTime() - wall) / 1_000_000,
                  (cpu() - cpu) / 1_000_000,
                  lane.outputBytes(),
                  lane.output())
              .encode());
    }
  }
}
