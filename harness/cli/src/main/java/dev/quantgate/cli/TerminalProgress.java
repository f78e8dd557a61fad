package dev.quantgate.cli;

import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.reports.Figures;
import dev.quantgate.reports.TextTable;
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
  private static final Duration BEFORE_ESTIMATES = Duration.ofSeconds(10);
  private static final long ITEMS_BEFORE_ESTIMATES = 16;

  /**
   * Columns of a bar. Not left to its library: that opens the terminal to learn them, which puts
   * back what INT does by default, and Ctrl-C would kill the program before it could end in order.
   */
  private static final int WIDTH = 79;

  private final PrintStream err;
  private final boolean quiet;
  private final boolean terminal;
  private @Nullable ProgressBar bar;
  private @Nullable BarLine barLine;

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
    this(quiet, System.err, StandardError.isTerminal());
  }

  TerminalProgress(boolean quiet, PrintStream err, boolean terminal) {
    this.err = err;
    this.quiet = quiet;
    this.terminal = terminal;
  }

  /** Hears of a run. */
  Progress.Listener listener() {
    return this::on;
  }

  private void on(Progress progress) {
    switch (progress) {
      case Progress.Loading loading ->
          say("loading %s: %s".formatted(loading.side(), loading.reference()));
      case Progress.Loaded loaded ->
          say(
              "%s: %s, loaded in %s"
                  .formatted(loaded.side(), loaded.description(), Figures.duration(loaded.time())));
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
        String faults = finished.faults() == 0 ? "" : ", %s faults".formatted(finished.faults());
        if (finished.step() != Progress.Step.EXECUTING) {
          end(finished.items(), faults);
        } else {
          executedFaults += finished.faults();
          executed.remove(key(finished.side(), finished.suite()));
          if (executed.isEmpty()) {
            end(programs, executedFaults == 0 ? "" : ", %s faults".formatted(executedFaults));
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
        : "%s %s answers".formatted(started.side(), started.suite());
  }

  private static String key(Side side, String suite) {
    return "%s/%s".formatted(side, suite);
  }

  private long executedPrograms() {
    return executed.values().stream().mapToLong(Integer::longValue).sum();
  }

  /** A line of its own. */
  void say(String line) {
    if (!quiet) {
      closeBar();
      String plain = PlainText.lines(line);
      err.println(terminal ? TextTable.paragraphs(plain) : plain);
    }
  }

  /** A step of {@code items} begins, {@code done} of which are there already. */
  void begin(String what, long items, long done) {
    closeBar();
    task = PlainText.line(what);
    startedAt = System.nanoTime();
    lineAt = startedAt;
    startedWith = done;
    if (!quiet && terminal) {
      var line = new BarLine(err);
      barLine = line;
      bar =
          new ProgressBarBuilder()
              .setTaskName(task)
              .setInitialMax(items)
              .startsFrom(done, Duration.ZERO)
              .setStyle(ProgressBarStyle.ASCII)
              .setConsumer(line)
              .setEtaFunction(state ->
                  left(
                      state.getElapsedAfterStart(),
                      state.getCurrent() - state.getStart(),
                      state.getMax() - state.getCurrent()))
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
      Duration spent = Duration.ofNanos(now - startedAt);
      long fresh = done - startedWith;
      err.println(
          "%s: %s/%s%s%s"
              .formatted(
                  task,
                  Figures.count(done),
                  Figures.count(items),
                  fresh == 0 ? "" : ", %s".formatted(Figures.pace(fresh / (spent.toNanos() / 1e9))),
                  left(spent, fresh, items - done)
                      .map(left -> ", %s left".formatted(Figures.duration(left)))
                      .orElse("")));
    }
  }

  /**
   * What is left at the pace so far; empty until enough has been done to say so, as the first items
   * of a batch come together.
   */
  static Optional<Duration> left(Duration spent, long done, long missing) {
    boolean meaningful =
        spent.compareTo(BEFORE_ESTIMATES) >= 0
            && (done >= ITEMS_BEFORE_ESTIMATES || done >= missing);
    return meaningful && done > 0
        ? Optional.of(Duration.ofMillis(Math.round((double) spent.toMillis() * missing / done)))
        : Optional.empty();
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
          "%s: %s in %s%s"
              .formatted(
                  task,
                  Figures.count(items),
                  Figures.duration(Duration.ofNanos(System.nanoTime() - startedAt)),
                  addition));
    }
  }

  private void closeBar() {
    ProgressBar shown = bar;
    if (shown != null) {
      shown.close();
      bar = null;
    }
    BarLine line = barLine;
    if (line != null) {
      line.close();
      barLine = null;
    }
  }

  @Override
  public void close() {
    closeBar();
  }

  /**
   * A bar's line, ended once and by nothing but a newline. The library leaves the line of a bar
   * open that is closed before it was first drawn, and draws one once more that is closed while it
   * draws.
   */
  private static final class BarLine extends ConsoleProgressBarConsumer {
    private boolean ended;

    BarLine(PrintStream out) {
      super(out, WIDTH);
    }

    @Override
    public synchronized void accept(String rendered) {
      if (!ended) {
        super.accept(rendered);
      }
    }

    @Override
    public synchronized void close() {
      if (!ended) {
        ended = true;
        super.close();
      }
    }
  }
}
