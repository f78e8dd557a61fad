package dev.quantgate.sandbox.worker;

import dev.quantgate.base.PlainText;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.Limits;
import dev.quantgate.sandbox.Usage;
import dev.quantgate.sandbox.judging.Attempt;
import dev.quantgate.sandbox.judging.Execution;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/**
 * From what the supervisor saw and the tester said to a result. Only one road leads to {@link
 * Outcome#PASSED}: the verdict bears the job's random id, says passed, and its process exited with
 * 0 in time. Everything else only chooses among the ways of not passing.
 */
final class Verdicts {
  private static final int SIGKILL = 9;
  private static final int SIGXCPU = 24;

  /** Real processes lack nothing, so that none of them may call itself unsupported. */
  private static final Map<String, Outcome> SAID =
      Map.of(
          "passed", Outcome.PASSED,
          "failed", Outcome.FAILED,
          "memory", Outcome.MEMORY,
          "early_exit", Outcome.EARLY_EXIT);

  private Verdicts() {}

  static Execution of(Request request, Reply reply, Limits limits) {
    return new Execution(result(request, reply, limits), time(reply.report(), limits));
  }

  /** What explains the wall time of a job that was not through at its limit. */
  private static Execution.Time time(Reply.Report report, Limits limits) {
    if (report.cpu() >= limits.cpu().toMillis()) {
      return Execution.Time.SPENT;
    }
    return report.wall() - report.starved() < limits.wall().toMillis()
        ? Execution.Time.STARVED
        : Execution.Time.SHARED;
  }

  private static ExecutionResult result(Request request, Reply reply, Limits limits) {
    Reply.Report report = reply.report();
    Optional<Reply.Verdict> verdict = reply.verdict(request.nonce());
    boolean judgeDone = report.judge().map(end -> end.exit() == 0).orElse(false);
    int exit = report.program().filter(end -> !end.killed()).map(Reply.End::exit).orElse(0);

    Outcome outcome;
    String detail;
    if (report.over().equals("time")) {
      outcome = Outcome.TIMEOUT;
      detail = "no verdict within %s s".formatted(limits.wall().toMillis() / 1000.0);
    } else if (report.over().equals("cpu")) {
      outcome = Outcome.TIMEOUT;
      detail =
          "no verdict within %s s of CPU time of all its processes"
              .formatted(limits.cpu().toMillis() / 1000.0);
    } else if (verdict.isPresent() && judgeDone) {
      outcome = SAID.getOrDefault(verdict.get().kind(), Outcome.FAILED);
      detail = verdict.get().detail();
      if (outcome == Outcome.EARLY_EXIT) {
        outcome = ended(exit, report.oom(), outcome);
        detail = exit < 0 ? signal(exit) : detail;
      }
    } else {
      // The process that owns the verdict is gone without one.
      int judge = report.judge().map(Reply.End::exit).orElse(0);
      outcome = ended(judge, report.oom(), Outcome.EARLY_EXIT);
      detail =
          judge < 0 ? signal(judge) : "ended with status %s before the verdict".formatted(judge);
    }
    if (report.oom() > 0 && outcome != Outcome.PASSED && outcome != Outcome.TIMEOUT) {
      outcome = Outcome.MEMORY;
      detail = "more than %s MiB of memory".formatted(limits.memoryBytes() >> 20);
    }
    boolean byItself = outcome == Outcome.CRASHED || outcome == Outcome.EARLY_EXIT;
    return new ExecutionResult(
        request.job().id(),
        outcome,
        oneLine(detail),
        byItself ? exit : 0,
        usage(request, reply),
        Optional.empty(),
        oneLine(verdict.map(Reply.Verdict::doubt).orElse("")),
        outcome == Outcome.PASSED ? 0 : verdict.map(Reply.Verdict::line).orElse(0));
  }

  private static Usage usage(Request request, Reply reply) {
    Reply.Report report = reply.report();
    boolean split = request.mode() == Attempt.Mode.SPLIT;
    return new Usage(
        report.wall(),
        report.cpu(),
        Math.max(peak(report.program()), split ? peak(report.judge()) : 0),
        report.killed(),
        report.output(),
        new String(reply.output(), StandardCharsets.UTF_8),
        report.dirty(),
        1);
  }

  private static Outcome ended(int exit, int oom, Outcome otherwise) {
    if (exit == -SIGXCPU) {
      return Outcome.TIMEOUT;
    }
    if (exit == -SIGKILL && oom > 0) {
      return Outcome.MEMORY;
    }
    return exit < 0 ? Outcome.CRASHED : otherwise;
  }

  private static String signal(int exit) {
    return "ended by signal %s".formatted(-exit);
  }

  private static long peak(Optional<Reply.End> end) {
    return end.map(Reply.End::peak).orElse(0L);
  }

  /** Text from inside, fit for a table. */
  private static String oneLine(String text) {
    return PlainText.line(text.strip(), 300);
  }
}
