package dev.quantgate.sandbox.embedded;

import dev.quantgate.guest.GuestImage;
import dev.quantgate.guest.GuestInterrupted;
import dev.quantgate.guest.GuestThread;
import dev.quantgate.sandbox.embedded.WorkerReply.Clock;
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

/**
 * The main class of a worker process. It reads jobs from standard input and writes results to
 * standard output, in {@link Wire} frames; the end of its input is its own end.
 *
 * <p>Jobs are {@link WorkerJob}s, answers {@link WorkerReply}s. First of all it says {@code ready}.
 */
public final class Worker {
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
    GuestImage image = GuestImage.of(Resources.program(), imageFile);
    for (int i = 0; i < lanes; i++) {
      LaneThread laneThread = new LaneThread(new Lane(image, terms));
      laneThreads.add(laneThread);
      laneThread.thread = GuestThread.of("lane-%d".formatted(i), laneThread);
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
    private synchronized Clock ranOut(GuestInterrupted e) {
      return e.overslept() ? Clock.CPU : clockThatRanOut;
    }

    private void carryOut(WorkerJob job) throws IOException {
      long wall = System.nanoTime();
      long cpu = cpu();
      begin(job.cpuMillis(), job.wallMillis());
      Lane.Verdict verdict;
      Clock ranOut = Clock.NONE;
      try {
        verdict = lane.run(job);
      } catch (GuestInterrupted e) {
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
