package dev.quantgate.evaluation.comparison;

import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.EvaluationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** comparison.json and its schema, side by side in a folder. */
public final class ComparisonFile {
  private static final String NAME = "comparison.json";
  private static final String SCHEMA = "comparison.schema.json";

  private ComparisonFile() {}

  /** Writes both into a folder and gives the path of the first. */
  public static Path write(Path folder, Comparison comparison) {
    Disk.writeBytes(folder.resolve(SCHEMA), schema());
    Path file = folder.resolve(NAME);
    Disk.writePage(file, comparison);
    return file;
  }

  /** Whether a folder has a comparison.json. */
  public static boolean exists(Path folder) {
    return Files.exists(folder.resolve(NAME));
  }

  /** Reads comparison.json, given itself or its folder. */
  public static Comparison read(Path path) {
    Path file =
        path.endsWith(NAME) || path.toString().endsWith(".json") ? path : path.resolve(NAME);
    Comparison comparison = Disk.readPage(file, Comparison.class);
    if (comparison.schemaVersion() != Comparison.SCHEMA_VERSION) {
      throw new EvaluationException(
          EvaluationException.Kind.INPUT,
          file
              + ": expected schemaVersion "
              + Comparison.SCHEMA_VERSION
              + ", found "
              + comparison.schemaVersion());
    }
    return comparison;
  }

  /** The JSON Schema of comparison.json. */
  public static byte[] schema() {
    try (InputStream in = ComparisonFile.class.getResourceAsStream(SCHEMA)) {
      if (in == null) {
        throw new IllegalStateException("the resource " + SCHEMA + " is missing");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException("the resource " + SCHEMA + " cannot be read", e);
    }
  }
}
