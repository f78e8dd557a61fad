package dev.quantgate.sandbox.embedded;

import dev.quantgate.guest.GuestExit;
import dev.quantgate.guest.GuestFault;
import dev.quantgate.guest.GuestImage;
import dev.quantgate.guest.GuestInterrupted;
import dev.quantgate.guest.GuestLine;
import dev.quantgate.guest.GuestPython;
import dev.quantgate.guest.GuestWorld;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Two interpreters that judge one job at a time: the tester, and the candidate that it calls. Both
 * run on the caller's thread, since one always waits for the other; an interrupt ends them both.
 */
final class Lane {
  /** What a tester may hold: its test, and the largest reply that the codec lets in. */
  private static final long TESTER_BYTES = 192L << 20;

  private final GuestImage image;
  private final Terms terms;
  private final String frameBytes;
  private final GuestPython tester;
  private final GuestPython candidate;

  /**
   * What every candidate of a lane may take.
   *
   * @param memoryBytes its memory
   * @param sleepNanos how long it may sleep altogether
   * @param keptOutput how much of its output is kept
   * @param frameBytes size of a message between it and its tester
   */
  record Terms(long memoryBytes, long sleepNanos, int keptOutput, int frameBytes) {}

  Lane(GuestImage image, Terms terms) {
    this.terms = terms;
    this.frameBytes = Integer.toString(terms.frameBytes());
    this.image = image;
    this.tester = new GuestPython(TESTER_BYTES);
    this.candidate = new GuestPython(terms.memoryBytes());
  }

  /**
   * How a job ended.
   *
   * @param doubt as in {@link dev.quantgate.sandbox.ExecutionResult}, as is line
   */
  record Verdict(
      Outcome outcome, String detail, long peakBytes, int exit, String doubt, int line) {}

  /** Carries out an execution in one interpreter, or in two. */
  Verdict run(WorkerJob order) {
    return order.official() ? official(order) : split(order);
  }

  /** The world of a program, which has no line to anywhere. */
  private GuestWorld alone() {
    return new GuestWorld(GuestLine.CLOSED, true, terms.sleepNanos(), terms.keptOutput());
  }

  private Verdict split(WorkerJob order) {
    ExecutionJob job = order.job();
    candidate.reset(image, alone());
    CandidateLine line = new CandidateLine();
    tester.reset(image, new GuestWorld(line, true, terms.sleepNanos(), 0));
    String program = job.prelude() + job.prompt() + job.completion();
    byte[] first =
        line.call(
            Values.encode(
                Values.tuple("load", frameBytes, program, job.entryPoint(), job.testBeginsWith())));
    Verdict verdict =
        judge(
            tester,
            order.token(),
            Values.tuple(
                "judge",
                frameBytes,
                order.token(),
                job.prelude(),
                job.prompt(),
                job.test(),
                job.entryPoint(),
                first));
    long peak = tester.peakBytes() + candidate.peakBytes();
    End end = line.end;
    if (end != null
        && verdict.outcome != Outcome.PASSED
        && verdict.outcome != Outcome.UNSUPPORTED) {
      return new Verdict(end.outcome, end.detail, peak, end.exit, verdict.doubt, verdict.line);
    }
    return new Verdict(
        verdict.outcome, verdict.detail, peak, verdict.exit, verdict.doubt, verdict.line);
  }

  /** What is known of a job that was interrupted. */
  Verdict timeout() {
    return new Verdict(Outcome.TIMEOUT, "", candidate.peakBytes(), 0, "", 0);
  }

  /** What the last job's candidate wrote. */
  long outputBytes() {
    return candidate.outputBytes();
  }

  /** The beginning of it. */
  String output() {
    return candidate.output();
  }

  private Verdict official(WorkerJob order) {
    ExecutionJob job = order.job();
    candidate.reset(image, alone());
    return judge(
        candidate,
        order.token(),
        Values.tuple(
            "official",
            frameBytes,
            order.token(),
            job.prelude(),
            job.prompt(),
            job.completion(),
            job.test(),
            job.entryPoint()));
  }

  private static Verdict judge(GuestPython judge, String token, List<Object> order) {
    try {
      List<String> verdict = Values.strings(judge.call(Values.encode(order)));
      if (verdict.size() != 5 || !verdict.get(0).equals(token)) {
        return new Verdict(
            Outcome.TAMPERED,
            "the verdict does not carry the job's id",
            judge.peakBytes(),
            0,
            "",
            0);
      }
      Outcome outcome = Outcome.valueOf(verdict.get(1).toUpperCase(Locale.ROOT));
      return new Verdict(
          outcome, verdict.get(2), judge.peakBytes(), 0, verdict.get(3), line(verdict.get(4)));
    } catch (GuestInterrupted e) {
      throw e;
    } catch (RuntimeException | StackOverflowError e) {
      End end = End.of(judge, e);
      return new Verdict(end.outcome, end.detail, judge.peakBytes(), end.exit, "", 0);
    }
  }

  /** A line's number as the guest tells it; 0 for whatever is none. */
  private static int line(String said) {
    return said.matches("[0-9]{1,9}") ? Integer.parseInt(said) : 0;
  }

  /** How an interpreter ended that did not answer. */
  private record End(Outcome outcome, String detail, int exit) {
    static End of(GuestPython guest, Throwable cause) {
      if (cause instanceof GuestExit exit) {
        return new End(
            Outcome.EARLY_EXIT,
            "the program ended itself: %s".formatted(exit.getMessage()),
            exit.status());
      }
      if (guest.memoryRefused()) {
        return new End(Outcome.MEMORY, "the program asked for more memory than it may have", 0);
      }
      if (cause instanceof GuestFault fault) {
        return new End(Outcome.FAILED, String.valueOf(fault.getMessage()), 0);
      }
      return new End(Outcome.CRASHED, "the interpreter crashed: %s".formatted(cause), 0);
    }
  }

  /** Carries the tester's requests to the candidate, in the frames of codec.py. */
  private final class CandidateLine implements GuestLine {
    private final ByteArrayOutputStream pending = new ByteArrayOutputStream();
    private byte[] reply = new byte[0];
    private int at;
    private @Nullable End end;

    @Override
    public void write(byte[] data) {
      pending.writeBytes(data);
      byte[] bytes = pending.toByteArray();
      if (bytes.length >= 4) {
        int length = ByteBuffer.wrap(bytes).getInt();
        if (bytes.length - 4 == length) {
          pending.reset();
          byte[] answer = call(Arrays.copyOfRange(bytes, 4, bytes.length));
          reply =
              end != null
                  ? answer
                  : ByteBuffer.allocate(4 + answer.length)
                      .putInt(answer.length)
                      .put(answer)
                      .array();
          at = 0;
        }
      }
    }

    @Override
    public byte[] read(int limit) {
      int length = Math.min(limit, reply.length - at);
      at += length;
      return Arrays.copyOfRange(reply, at - length, at);
    }

    /** The candidate's answer; nothing from the moment on at which it ended. */
    byte[] call(byte[] order) {
      if (end != null) {
        return new byte[0];
      }
      try {
        byte[] answer = candidate.call(order);
        if (answer.length <= terms.frameBytes()) {
          return answer;
        }
        end = new End(Outcome.FAILED, "a reply of %d bytes".formatted(answer.length), 0);
      } catch (GuestInterrupted e) {
        throw e;
      } catch (RuntimeException | StackOverflowError e) {
        end = End.of(candidate, e);
      }
      return new byte[0];
    }
  }
}
