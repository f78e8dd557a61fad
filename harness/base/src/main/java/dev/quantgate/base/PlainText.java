package dev.quantgate.base;

import java.util.Locale;

/**
 * Text from outside (a program's output, a file's content, a name, a template) as people may safely
 * see it in a terminal, a message or a report. What a terminal would obey, what turns the direction
 * of writing, and what cannot be seen at all is written out as Python writes it: {@code \x1b},
 * {@code \u202e}, {@code \U000e0041}. Every other character stays, so clean text is given back as
 * it is.
 *
 * <p>Written out are the controls (C0, DEL, C1), line and paragraph separators, format characters
 * (Unicode's Cf: the bidirectional controls, marks of byte order, tags; but not the joiners that
 * scripts and emoji need between letters), halves of surrogate pairs and noncharacters.
 */
public final class PlainText {
  private static final int ZERO_WIDTH_NON_JOINER = 0x200c;
  private static final int ZERO_WIDTH_JOINER = 0x200d;

  private PlainText() {}

  /** On one line: line feeds, returns and tabs are written out too. */
  public static String line(String text) {
    return cleaned(text, false);
  }

  /**
   * On one line and not too long.
   *
   * @param most characters of the text that are shown; what is cut off is told by "..."
   */
  public static String line(String text, int most) {
    return text.codePointCount(0, text.length()) <= most
        ? line(text)
        : "%s...".formatted(line(text.substring(0, text.offsetByCodePoints(0, most))));
  }

  /** In quotes, on one line and not too long; quotes inside are written out as {@code \"}. */
  public static String quoted(String text, int most) {
    return "\"%s\"".formatted(line(text, most).replace("\"", "\\\""));
  }

  /** With its line feeds and tabs. A return before a line feed is dropped. */
  public static String lines(String text) {
    return cleaned(text, true);
  }

  /** Whether a character would be written out on one line. */
  public static boolean isHidden(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          true;
      case Character.FORMAT -> codePoint != ZERO_WIDTH_NON_JOINER && codePoint != ZERO_WIDTH_JOINER;
      default -> (codePoint & 0xfffe) == 0xfffe || (codePoint >= 0xfdd0 && codePoint <= 0xfdef);
    };
  }

  private static String cleaned(String text, boolean severalLines) {
    StringBuilder clean = null; // hardly any text needs one
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      int next = i + Character.charCount(c);
      boolean stays = (severalLines && (c == '\n' || c == '\t')) || !isHidden(c);
      if (!stays && clean == null) {
        clean = new StringBuilder(text.length() + 16).append(text, 0, i);
      }
      if (clean != null) {
        boolean ofLineEnd =
            severalLines && c == '\r' && next < text.length() && text.charAt(next) == '\n';
        if (stays) {
          clean.appendCodePoint(c);
        } else if (!ofLineEnd) {
          clean.append(escape(c));
        }
      }
      i = next;
    }
    return clean == null ? text : clean.toString();
  }

  private static String escape(int c) {
    return switch (c) {
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      default ->
          String.format(
              Locale.ROOT, c <= 0xff ? "\\x%02x" : c <= 0xffff ? "\\u%04x" : "\\U%08x", c);
    };
  }
}
