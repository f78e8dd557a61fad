package dev.quantgate.cli;

import dev.quantgate.reports.Ink;
import java.io.Console;
import org.jspecify.annotations.Nullable;

/** What standard output is. */
final class Terminal {
  private static final int USUAL_WIDTH = 120;

  /** Below it two texts beside each other cannot be read. */
  private static final int LEAST_WIDTH = 40;

  private Terminal() {}

  /** Colours on a terminal, unless NO_COLOR is set or the terminal says it knows none. */
  static Ink ink() {
    return ink(isTerminal(), System.getenv("NO_COLOR"), System.getenv("TERM"));
  }

  static Ink ink(boolean terminal, @Nullable String noColor, @Nullable String term) {
    boolean unwanted = (noColor != null && !noColor.isEmpty()) || "dumb".equals(term);
    return terminal && !unwanted ? Ink.COLOURS : Ink.PLAIN;
  }

  /** Cells of a line: what COLUMNS says, or the terminal, or a usual width. */
  static int width() {
    return width(System.getenv("COLUMNS"), isTerminal() ? StandardOutput.columns() : 0);
  }

  /**
   * The same of what is known.
   *
   * @param columns a shell knows it and seldom hands it on
   * @param measured of the terminal; 0 where there is none, or it does not know
   */
  static int width(@Nullable String columns, int measured) {
    if (columns != null && columns.matches("[1-9][0-9]{1,3}")) {
      return Math.max(LEAST_WIDTH, Integer.parseInt(columns));
    }
    return measured > 0 ? Math.max(LEAST_WIDTH, measured) : USUAL_WIDTH;
  }

  static boolean isTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }
}
