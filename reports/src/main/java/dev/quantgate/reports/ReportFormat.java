package dev.quantgate.reports;

import java.nio.file.Path;

/**
 * A way to tell a comparison. Found by {@link ReportFormats} through {@code ServiceLoader}, so that
 * a report is one class and one line; it renders what it is given and computes no figure of its
 * own.
 */
public interface ReportFormat {

  /** The name by which it is asked for, such as "terminal". */
  String id();

  /**
   * Writes the report's files.
   *
   * @param out a folder, which is made if it is not there; files of the same names are replaced
   * @throws dev.quantgate.base.QuantGateException if the comparison cannot be read or a file cannot
   *     be written
   */
  void write(ReportSource source, Path out);
}
