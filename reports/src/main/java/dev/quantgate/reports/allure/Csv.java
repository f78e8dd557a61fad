package dev.quantgate.reports.allure;

import dev.quantgate.base.PlainText;

/** Cells of comma-separated values. */
final class Csv {
  private Csv() {}

  /** One cell, quoted where it must be; a spreadsheet takes none of them for a formula. */
  static String cell(String text) {
    String line = PlainText.line(text);
    String safe =
        !line.isEmpty() && "=+-@".indexOf(line.charAt(0)) >= 0 ? "'%s".formatted(line) : line;
    return safe.contains(",") || safe.contains("\"")
        ? "\"%s\"".formatted(safe.replace("\"", "\"\""))
        : safe;
  }
}
