package dev.quantgate.cli;

import dev.quantgate.reports.Ink;
import java.io.Console;
import org.jspecify.annotations.Nullable;

/** What standard output is. */
final class Terminal {
  private static final int USUAL_WIDTH = 120;

  private Terminal() {}

  /** Colours on a terminal, unless NO_COLOR is set or the terminal says it knows none. */
  static Ink ink() {
    return ink(isTerminal(), System.getenv("NO_COLOR"), System.getenv("TERM"));
  }

  static Ink ink(boolean terminal, @Nullable String noColor, @Nullable String term) {
    boolean unwanted = (noColor != null && !noColor.isEmpty()) || "dumb".equals(term);
    return terminal && !unwanted ? Ink.COLOURS : Ink.PLAIN;
  }

  /** Cells of a line: what COLUMNS says, or a usual width. */
  static int width() {
    String columns = System.getenv("COLUMNS");
    return columns != null && columns.matches("[1-9][0-9]{1,3}")
        ? Integer.parseInt(columns)
        : USUAL_WIDTH;
  }

  private static boolean isTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }
}
