package dev.quantgate.reports;

import dev.quantgate.base.PlainText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A table of text for a terminal: the one form in which the program prints tables. Columns are as
 * wide as their widest cell, counted in terminal cells: a Chinese character takes two. Where they
 * are wider than {@link #WIDTH} together, the widest columns of texts are narrowed, and their cells
 * go on in further lines. Cells are {@link PlainText} of one line.
 */
public final class TextTable {
  /** Cells of a line that every terminal shows whole. */
  public static final int WIDTH = 80;

  /** A column of texts is not narrowed further than this. */
  private static final int LEAST_WIDTH = 10;

  private static final String BETWEEN = "  ";
  private static final String NOTE_INDENT = "    ";

  private final String indent;
  private final List<Align> alignment;
  private final List<Line> lines = new ArrayList<>();

  /** How a column's cells are set. */
  public enum Align {
    /** Texts, which go on in further lines where the table would be too wide. */
    LEFT,
    /** Figures, which are never broken. */
    RIGHT,
    /**
     * For a last column of texts of which no word, such as a path, may be broken. A word wider than
     * what the other columns leave runs beyond the table; it narrows none of them.
     */
    WORDS
  }

  private sealed interface Line {
    record Cells(List<String> cells) implements Line {}

    record Rule() implements Line {}

    record Note(String text) implements Line {}
  }

  public TextTable(Align... alignment) {
    this("", alignment);
  }

  /** A table each of whose lines begins with an indent. */
  public TextTable(String indent, Align... alignment) {
    this.indent = indent;
    this.alignment = List.of(alignment);
    int words = this.alignment.indexOf(Align.WORDS);
    if (words >= 0 && words < alignment.length - 1) {
      throw new IllegalArgumentException(
          "column %d of %d is set in words; only the last can be"
              .formatted(words + 1, alignment.length));
    }
  }

  /** Adds a row; it has one cell for each column. */
  public TextTable row(String... cells) {
    if (cells.length != alignment.size()) {
      throw new IllegalArgumentException(
          "a row of %d cells in a table of %d columns".formatted(cells.length, alignment.size()));
    }
    lines.add(new Line.Cells(Arrays.stream(cells).map(PlainText::line).toList()));
    return this;
  }

  /** Adds a rule as wide as the table. */
  public TextTable rule() {
    lines.add(new Line.Rule());
    return this;
  }

  /** Adds words about the row above, in lines of their own that no column is widened for. */
  public TextTable note(String text) {
    lines.add(new Line.Note(PlainText.line(text)));
    return this;
  }

  /** The lines, each ended by a newline, with no white space at their ends. */
  public String render() {
    int[] widths = widths();
    int total = BETWEEN.length() * (widths.length - 1) + Arrays.stream(widths).sum();
    var text = new StringBuilder();
    for (Line line : lines) {
      switch (line) {
        case Line.Rule() -> text.append(indent).append("-".repeat(total)).append('\n');
        case Line.Note(String note) -> {
          String begin = "%s%s".formatted(indent, NOTE_INDENT);
          text.append(wrapped(begin, begin, note)).append('\n');
        }
        case Line.Cells(List<String> cells) -> append(text, cells, widths);
      }
    }
    return text.toString();
  }

  private int[] widths() {
    int[] widths = new int[alignment.size()];
    int before = width(indent);
    for (int column = 0; column < widths.length; column++) {
      int room =
          alignment.get(column) == Align.WORDS
              ? Math.max(WIDTH - before, LEAST_WIDTH)
              : Integer.MAX_VALUE;
      for (Line line : lines) {
        if (line instanceof Line.Cells(List<String> cells)) {
          int wide = widest(pieces(cells.get(column), room, false));
          widths[column] = Math.max(widths[column], Math.min(wide, room));
        }
      }
      before += widths[column] + BETWEEN.length();
    }
    narrow(widths, before - BETWEEN.length() - WIDTH);
    return widths;
  }

  /** Takes so many cells from the widest columns of texts, the widest first. */
  private void narrow(int[] widths, int excess) {
    for (int left = excess; left > 0; left--) {
      int widest = -1;
      for (int column = 0; column < widths.length; column++) {
        if (alignment.get(column) == Align.LEFT
            && widths[column] > LEAST_WIDTH
            && (widest < 0 || widths[column] > widths[widest])) {
          widest = column;
        }
      }
      if (widest < 0) {
        return;
      }
      widths[widest]--;
    }
  }

  private void append(StringBuilder text, List<String> cells, int[] widths) {
    List<List<String>> pieces = new ArrayList<>();
    for (int i = 0; i < cells.size(); i++) {
      Align align = alignment.get(i);
      pieces.add(
          align == Align.RIGHT
              ? List.of(cells.get(i))
              : pieces(cells.get(i), widths[i], align == Align.LEFT));
    }
    int height = pieces.stream().mapToInt(List::size).max().orElse(0);
    for (int row = 0; row < height; row++) {
      var line = new StringBuilder(indent);
      for (int i = 0; i < cells.size(); i++) {
        String piece = row < pieces.get(i).size() ? pieces.get(i).get(row) : "";
        String padding = " ".repeat(Math.max(0, widths[i] - width(piece)));
        line.append(i == 0 ? "" : BETWEEN)
            .append(alignment.get(i) == Align.RIGHT ? padding + piece : piece + padding);
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
  }

  /** A cell in lines of at most so many cells, words wider than that broken or left whole. */
  private static List<String> pieces(String cell, int width, boolean broken) {
    return wrapped("", "", cell, width)
        .lines()
        .flatMap(line -> broken ? SideBySide.wrapped(line, width).stream() : Stream.of(line))
        .toList();
  }

  private static int widest(List<String> pieces) {
    return pieces.stream().mapToInt(TextTable::width).max().orElse(0);
  }

  /**
   * Words in lines of at most {@link #WIDTH} cells, where a word is not wider by itself.
   *
   * @param first what the first line begins with
   * @param later what every other line begins with
   * @return the lines without a newline at their end
   */
  public static String wrapped(String first, String later, String words) {
    return wrapped(first, later, words, WIDTH);
  }

  /** Lines, each of which goes on in further ones where it is wider than {@link #WIDTH}. */
  public static String paragraphs(String lines) {
    return lines.lines().map(line -> wrapped("", "  ", line)).collect(Collectors.joining("\n"));
  }

  static String wrapped(String first, String later, String words, int width) {
    var lines = new StringBuilder();
    var line = new StringBuilder(first);
    int used = width(first);
    boolean empty = true;
    for (String word : words.split(" ")) {
      if (!empty && used + 1 + width(word) > width) {
        lines.append(line).append('\n');
        line = new StringBuilder(later);
        used = width(later);
        empty = true;
      }
      line.append(empty ? "" : " ").append(word);
      used += (empty ? 0 : 1) + width(word);
      empty = false;
    }
    return lines.append(line).toString();
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
