package dev.quantgate.cli;

import dev.quantgate.evaluation.record.Side;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.reports.Figures;
import java.io.PrintStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * Progress for a person who waits: a bar on a terminal, a plain line now and then in a pipe. Goes
 * to standard error, so that the result alone is on standard output.
 */
final class TerminalProgress implements AutoCloseable {
  private static final Duration BETWEEN_LINES = Duration.ofSeconds(10);

  private final PrintStream err;
  private final boolean quiet;
  private final boolean terminal;
  private @Nullable ProgressBar bar;

  /**
   * Programs done by side and suite. They are executed together, a program that both models wrote
   * once, so they have one line.
   */
  private final Map<String, Integer> executed = new HashMap<>();

  private long programs;
  private int executedFaults;
  private String task = "";
  private long startedAt;
  private long startedWith;
  private long lineAt;

  TerminalProgress(boolean quiet) {
    this.err = System.err;
    this.quiet = quiet;
    this.terminal = StandardError.isTerminal();
  }

  /** Hears of a run. */
  Progress.Listener listener() {
    return this::on;
  }

  private void on(Progress progress) {
    switch (progress) {
      case Progress.Loading loading ->
          say("loading " + loading.side() + ": " + loading.reference());
      case Progress.Loaded loaded ->
          say(
              loaded.side()
                  + ": "
                  + loaded.description()
                  + ", loaded in "
                  + Figures.duration(loaded.time()));
      case Progress.Started started -> {
        if (started.step() == Progress.Step.EXECUTING) {
          executed.put(key(started.side(), started.suite()), started.done());
          programs += started.items();
          begin("programs executed", programs, executedPrograms());
        } else {
          begin(label(started), started.items(), started.done());
        }
      }
      case Progress.Advanced advanced -> {
        if (advanced.step() == Progress.Step.EXECUTING) {
          executed.put(key(advanced.side(), advanced.suite()), advanced.done());
          advance(executedPrograms(), programs);
        } else {
          advance(advanced.done(), advanced.items());
        }
      }
      case Progress.Finished finished -> {
        String faults = finished.faults() == 0 ? "" : ", " + finished.faults() + " faults";
        if (finished.step() != Progress.Step.EXECUTING) {
          end(finished.items(), faults);
        } else {
          executedFaults += finished.faults();
          executed.remove(key(finished.side(), finished.suite()));
          if (executed.isEmpty()) {
            end(programs, executedFaults == 0 ? "" : ", " + executedFaults + " faults");
            programs = 0;
            executedFaults = 0;
          }
        }
      }
      case Progress.Note note -> say(note.text());
    }
  }

  private static String label(Progress.Started started) {
    return started.step() == Progress.Step.SELF_TEST
        ? "sandbox self-test"
        : started.side() + " " + started.suite() + " answers";
  }

  private static String key(Side side, String suite) {
    return side + "/" + suite;
  }

  private long executedPrograms() {
    return executed.values().stream().mapToLong(Integer::longValue).sum();
  }

  /** A line of its own. */
  void say(String line) {
    if (!quiet) {
      closeBar();
      err.println(line);
    }
  }

  /** A step of {@code items} begins, {@code done} of which are there already. */
  void begin(String what, long items, long done) {
    closeBar();
    task = what;
    startedAt = System.nanoTime();
    lineAt = startedAt;
    startedWith = done;
    if (!quiet && terminal) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(what)
              .setInitialMax(items)
              .startsFrom(done, Duration.ZERO)
              .setStyle(ProgressBarStyle.ASCII)
              .setConsumer(new ConsoleProgressBarConsumer(err))
              .showSpeed()
              .build();
    }
  }

  /** So many are done now. */
  void advance(long done, long items) {
    if (quiet) {
      return;
    }
    ProgressBar shown = bar;
    if (shown != null) {
      shown.stepTo(done);
      return;
    }
    long now = System.nanoTime();
    if (now - lineAt >= BETWEEN_LINES.toNanos() && done < items) {
      lineAt = now;
      double perSecond = (done - startedWith) / ((now - startedAt) / 1e9);
      Optional<String> left =
          perSecond > 0
              ? Optional.of(
                  ", "
                      + Figures.duration(
                          Duration.ofMillis((long) (1e3 * (items - done) / perSecond)))
                      + " left")
              : Optional.empty();
      err.println(
          task
              + ": "
              + Figures.count(done)
              + "/"
              + Figures.count(items)
              + ", "
              + Figures.rate(perSecond)
              + " a second"
              + left.orElse(""));
    }
  }

  /** The step is over. */
  void end(long items, String addition) {
    ProgressBar shown = bar;
    if (shown != null) {
      shown.stepTo(items);
      closeBar();
      if (!addition.isEmpty() && !quiet) {
        err.println(task + addition);
      }
    } else if (!quiet) {
      err.println(
          task
              + ": "
              + Figures.count(items)
              + " in "
              + Figures.duration(Duration.ofNanos(System.nanoTime() - startedAt))
              + addition);
    }
  }

  private void closeBar() {
    ProgressBar shown = bar;
    if (shown != null) {
      shown.close();
      bar = null;
    }
  }

  @Override
  public void close() {
    closeBar();
  }
}
