package dev.quantgate.reports;

import dev.quantgate.base.PlainText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A table of text for a terminal. Columns are as wide as their widest cell, counted in terminal
 * cells: a Chinese character takes two. Cells are {@link PlainText} of one line.
 */
public final class TextTable {
  private final List<Align> alignment;
  private final List<List<String>> rows = new ArrayList<>();

  /** How a column's cells are set. */
  public enum Align {
    LEFT,
    RIGHT
  }

  public TextTable(Align... alignment) {
    this.alignment = List.of(alignment);
  }

  /** Adds a row; it has one cell for each column. */
  public TextTable row(String... cells) {
    if (cells.length != alignment.size()) {
      throw new IllegalArgumentException(
          "a row of " + cells.length + " cells in a table of " + alignment.size() + " columns");
    }
    rows.add(Arrays.stream(cells).map(PlainText::line).toList());
    return this;
  }

  /** Adds a rule as wide as the table. */
  public TextTable rule() {
    rows.add(List.of());
    return this;
  }

  /** The lines, each ended by a newline, with no white space at their ends. */
  public String render() {
    int[] widths = new int[alignment.size()];
    for (List<String> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        widths[i] = Math.max(widths[i], width(row.get(i)));
      }
    }
    int total = 2 * (widths.length - 1);
    for (int width : widths) {
      total += width;
    }
    var text = new StringBuilder();
    for (List<String> row : rows) {
      if (row.isEmpty()) {
        text.append("-".repeat(total)).append('\n');
        continue;
      }
      var line = new StringBuilder();
      for (int i = 0; i < row.size(); i++) {
        String padding = " ".repeat(widths[i] - width(row.get(i)));
        line.append(i == 0 ? "" : "  ")
            .append(alignment.get(i) == Align.RIGHT ? padding + row.get(i) : row.get(i) + padding);
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  /** Terminal cells of a text: two for each wide character (Unicode's East Asian wide blocks). */
  static int width(String text) {
    return text.codePoints().map(TextTable::cells).sum();
  }

  static int cells(int codePoint) {
    if (Character.getType(codePoint) == Character.NON_SPACING_MARK) {
      return 0;
    }
    boolean wide =
        (codePoint >= 0x1100 && codePoint <= 0x115f)
            || (codePoint >= 0x2e80 && codePoint <= 0xa4cf)
            || (codePoint >= 0xac00 && codePoint <= 0xd7a3)
            || (codePoint >= 0xf900 && codePoint <= 0xfaff)
            || (codePoint >= 0xfe30 && codePoint <= 0xfe6f)
            || (codePoint >= 0xff00 && codePoint <= 0xff60)
            || (codePoint >= 0xffe0 && codePoint <= 0xffe6)
            || (codePoint >= 0x1f300 && codePoint <= 0x1faff)
            || (codePoint >= 0x20000 && codePoint <= 0x3fffd);
    return wide ? 2 : 1;
  }
}
