package dev.quantgate.evaluation.comparison;

import dev.quantgate.evaluation.comparison.Comparison.ModelSummary;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.pairs.SuitePairs;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.FinishedRun;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A comparison on disk: comparison.json with its schema, and {@code pairs/{suite}.jsonl}. Reports
 * and gates read it; the runs lie where {@link #run} says.
 *
 * @param path of the folder
 */
public record ComparisonFolder(Path path, Comparison comparison) {
  private static final String NAME = "comparison.json";
  private static final String SCHEMA = "comparison.schema.json";
  private static final String PAIRS = "pairs";

  /** A comparison as it is when it lies in a folder: with word of where its runs lie. */
  public static Comparison placed(
      Path folder, Comparison comparison, FinishedRun baseline, FinishedRun candidate) {
    return comparison.at(place(folder, baseline.folder()), place(folder, candidate.folder()));
  }

  /**
   * Writes a comparison into a folder.
   *
   * @param comparison as {@link #placed} gives it
   */
  public static ComparisonFolder write(Path folder, Comparison comparison, List<SuitePairs> pairs) {
    for (SuitePairs suite : pairs) {
      Disk.writeLines(pairsFile(folder, suite.suite()), suite.pairs());
    }
    Disk.writeBytes(folder.resolve(SCHEMA), schema());
    Disk.writePage(folder.resolve(NAME), comparison);
    return new ComparisonFolder(folder, comparison);
  }

  /** Whether a folder has a comparison.json. */
  public static boolean exists(Path folder) {
    return Files.exists(folder.resolve(NAME));
  }

  /**
   * Reads a comparison, given comparison.json or its folder.
   *
   * @throws EvaluationException if it is none, or damaged, or written by a newer version
   */
  public static ComparisonFolder read(Path path) {
    Path file = Files.isDirectory(path) ? path.resolve(NAME) : path;
    Comparison comparison = Disk.readPage(file, Comparison.class);
    if (comparison.schemaVersion() != Comparison.SCHEMA_VERSION) {
      throw new EvaluationException(
          EvaluationException.Kind.INPUT,
          "%s: expected schemaVersion %d, found %d"
              .formatted(file, Comparison.SCHEMA_VERSION, comparison.schemaVersion()));
    }
    return new ComparisonFolder(Disk.parent(file), comparison);
  }

  /** The pairs of a suite of the comparison. */
  public SuitePairs pairs(SuiteComparison suite) {
    List<Pair> pairs = new ArrayList<>();
    Disk.readLines(pairsFile(path, suite.suite()), Pair.class, pairs::add);
    return new SuitePairs(
        suite.suite(),
        suite.protocol(),
        suite.available(),
        suite.chance(),
        suite.obstacles(),
        pairs);
  }

  /** The pairs of all suites, in the order of the comparison. */
  public List<SuitePairs> pairs() {
    return comparison.suites().stream().map(this::pairs).toList();
  }

  /** The folder of a model's run; empty where it is not known or no longer there. */
  public Optional<Path> run(ModelSummary model) {
    return model.folder().map(path::resolve).filter(Files::isDirectory);
  }

  private static Path pairsFile(Path folder, String suite) {
    return folder.resolve(PAIRS).resolve("%s.jsonl".formatted(suite));
  }

  /** A run's folder as comparison.json names it: relative where the comparison contains it. */
  private static String place(Path folder, Path run) {
    Path here = folder.toAbsolutePath().normalize();
    Path there = run.toAbsolutePath().normalize();
    return there.startsWith(here) && !there.equals(here)
        ? here.relativize(there).toString()
        : there.toString();
  }

  /** The JSON Schema of comparison.json. */
  public static byte[] schema() {
    try (InputStream in = ComparisonFolder.class.getResourceAsStream(SCHEMA)) {
      if (in == null) {
        throw new IllegalStateException("the resource " + SCHEMA + " is missing");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException("the resource " + SCHEMA + " cannot be read", e);
    }
  }
}
