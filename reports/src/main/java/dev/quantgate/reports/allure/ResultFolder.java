package dev.quantgate.reports.allure;

import dev.quantgate.base.ErrorKind;
import dev.quantgate.base.FileException;
import dev.quantgate.base.PlainText;
import dev.quantgate.base.Sha256;
import io.qameta.allure.AllureResultsWriteException;
import io.qameta.allure.FileSystemResultsWriter;
import io.qameta.allure.model.Attachment;
import io.qameta.allure.model.TestResult;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Writes results and their attachments into a folder. */
final class ResultFolder {
  /** Characters of an attachment; the records have the whole text. */
  private static final int MOST_CHARACTERS = 1 << 20;

  private final Path folder;
  private final FileSystemResultsWriter writer;

  ResultFolder(Path folder) {
    this.folder = folder;
    this.writer = new FileSystemResultsWriter(folder);
  }

  /**
   * Writes a result.
   *
   * @throws FileException if it cannot be written
   */
  void write(TestResult result) {
    try {
      writer.write(result);
    } catch (AllureResultsWriteException e) {
      throw cannot(e);
    }
  }

  private FileException cannot(AllureResultsWriteException e) {
    return e.getCause() instanceof IOException cause
        ? FileException.cannot("written", folder, cause)
        : new FileException(
            ErrorKind.MACHINE, "%s cannot be written: %s".formatted(folder, e.getMessage()), e);
  }

  /**
   * Writes a text that belongs to a result, cleaned of what a reader's screen would obey; gives the
   * attachment. Its file is named after the result, so that the same result has the same files.
   */
  Attachment text(TestResult result, String name, String text) {
    return attach(result, name, text, "text/plain", "txt");
  }

  /** Writes a table of comma-separated values. */
  Attachment csv(TestResult result, String name, String text) {
    return attach(result, name, text, "text/csv", "csv");
  }

  private Attachment attach(
      TestResult result, String name, String text, String type, String extension) {
    String clean = text.isEmpty() ? "(nothing)\n" : PlainText.lines(text);
    if (clean.length() > MOST_CHARACTERS) {
      int end = clean.offsetByCodePoints(0, clean.codePointCount(0, MOST_CHARACTERS) - 1);
      clean =
          "%s\n... (%d more characters)\n".formatted(clean.substring(0, end), clean.length() - end);
    }
    String source =
        "%s-attachment.%s"
            .formatted(
                Sha256.hex("%s/%s".formatted(result.getUuid(), name)).substring(0, 32), extension);
    try {
      writer.write(source, new ByteArrayInputStream(clean.getBytes(StandardCharsets.UTF_8)));
    } catch (AllureResultsWriteException e) {
      throw cannot(e);
    }
    return new Attachment().setName(name).setSource(source).setType(type);
  }
}
