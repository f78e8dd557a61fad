package dev.quantgate.reports;

/**
 * Colours for a terminal, or none: in a file, a pipe, and where NO_COLOR asks for none
 * (no-color.org). Nothing is told by colour alone.
 */
public enum Ink {
  PLAIN,
  COLOURS;

  private static final String ESCAPE = "\u001b[";

  /** What was lost, and what went wrong. */
  public String bad(String text) {
    return inked("31", text);
  }

  /** What was gained, and what passed. */
  public String good(String text) {
    return inked("32", text);
  }

  /** What is not sure. */
  public String unsure(String text) {
    return inked("33", text);
  }

  /** A heading. */
  public String heading(String text) {
    return inked("1", text);
  }

  private String inked(String code, String text) {
    return this == PLAIN || text.isEmpty()
        ? text
        : "%s%sm%s%s0m".formatted(ESCAPE, code, text, ESCAPE);
  }
}
