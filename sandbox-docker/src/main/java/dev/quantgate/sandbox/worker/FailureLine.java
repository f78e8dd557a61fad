package dev.quantgate.sandbox.worker;

/** What a command-line client said of its failure. */
public final class FailureLine {
  private FailureLine() {}

  /** The last line that is no pointer to the client's help; empty if there is none. */
  public static String of(String said) {
    return said.lines()
        .map(String::strip)
        .filter(
            line -> !line.isEmpty() && !line.endsWith("--help'.") && !line.contains("--help' for"))
        .reduce((first, second) -> second)
        .orElse("");
  }
}
