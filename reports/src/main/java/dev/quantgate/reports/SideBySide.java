package dev.quantgate.reports;

import com.github.difflib.DiffUtils;
import com.github.difflib.patch.AbstractDelta;
import com.github.difflib.patch.DeltaType;
import dev.quantgate.base.PlainText;
import java.util.ArrayList;
import java.util.List;

/**
 * Two texts beside each other as plain text, lines that belong together in one row: {@code |}
 * between lines that differ, {@code <} and {@code >} where only one side has the line. What could
 * do harm in a terminal is written out, long lines are wrapped, and very long texts are cut.
 */
public final class SideBySide {
  /** Lines of a text that are shown; comparing takes time with their product. */
  private static final int MOST_LINES = 1_000;

  /** Characters of a line that are shown. */
  private static final int MOST_CHARACTERS = 4_000;

  private final int column;
  private final StringBuilder text = new StringBuilder();

  private SideBySide(int column) {
    this.column = column;
  }

  /**
   * Sets two texts beside each other.
   *
   * @param column terminal cells of each side
   */
  public static String render(
      String leftTitle, String left, String rightTitle, String right, int column) {
    var sides = new SideBySide(column);
    sides.row(List.of(leftTitle), ' ', List.of(rightTitle));
    sides.text.append("-".repeat(2 * column + 3)).append('\n');
    for (AbstractDelta<String> delta :
        DiffUtils.diff(lines(left), lines(right), true).getDeltas()) {
      sides.rows(delta);
    }
    return sides.text.toString();
  }

  private void rows(AbstractDelta<String> delta) {
    List<String> left = delta.getSource().getLines();
    List<String> right = delta.getTarget().getLines();
    for (int i = 0; i < Math.max(left.size(), right.size()); i++) {
      boolean first = i < left.size();
      boolean second = i < right.size();
      char mark = delta.getType() == DeltaType.EQUAL ? ' ' : !second ? '<' : !first ? '>' : '|';
      row(
          first ? wrapped(left.get(i), column) : List.of(),
          mark,
          second ? wrapped(right.get(i), column) : List.of());
    }
  }

  private void row(List<String> left, char mark, List<String> right) {
    for (int i = 0; i < Math.max(left.size(), right.size()); i++) {
      String first = i < left.size() ? left.get(i) : "";
      String second = i < right.size() ? right.get(i) : "";
      String padding = " ".repeat(Math.max(0, column - TextTable.width(first)));
      text.append("%s%s %c %s".formatted(first, padding, mark, second).stripTrailing())
          .append('\n');
    }
  }

  private static List<String> lines(String text) {
    List<String> lines = new ArrayList<>();
    String clean = PlainText.lines(text);
    String ended = clean.endsWith("\n") ? clean.substring(0, clean.length() - 1) : clean;
    for (String line : ended.split("\n", MOST_LINES + 1)) {
      if (lines.size() == MOST_LINES) {
        lines.add("... (%s more characters)".formatted(Figures.count(line.length())));
        break;
      }
      lines.add(cut(line.replace("\t", "    ")));
    }
    return lines;
  }

  private static String cut(String line) {
    if (line.length() <= MOST_CHARACTERS) {
      return line;
    }
    int end = line.offsetByCodePoints(0, line.codePointCount(0, MOST_CHARACTERS) - 1);
    return "%s... (%s more characters)"
        .formatted(line.substring(0, end), Figures.count(line.length() - end));
  }

  /** The pieces of a line that are each no wider than so many cells; one empty piece of none. */
  static List<String> wrapped(String line, int cells) {
    List<String> pieces = new ArrayList<>();
    int begin = 0;
    int width = 0;
    for (int i = 0; i < line.length(); ) {
      int codePoint = line.codePointAt(i);
      int wide = TextTable.cells(codePoint);
      if (width + wide > cells && i > begin) {
        pieces.add(line.substring(begin, i));
        begin = i;
        width = 0;
      }
      width += wide;
      i += Character.charCount(codePoint);
    }
    pieces.add(line.substring(begin));
    return pieces;
  }
}
