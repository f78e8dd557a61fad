package dev.quantgate.evaluation.comparison;

import dev.quantgate.evaluation.comparison.Comparison.ModelSummary;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.pairs.SuitePairs;
import dev.quantgate.evaluation.record.Checksums;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.OutFolder;
import dev.quantgate.evaluation.record.Seal;
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
 * @param schema version of the form in which it was written
 */
public record ComparisonFolder(Path path, int schema, Comparison comparison) {
  /** The comparison's own file. */
  public static final String NAME = "comparison.json";

  /** The file of its form. */
  public static final String SCHEMA = "comparison.schema.json";

  private static final String PAIRS = "pairs";

  /** A comparison as it is when it lies in a folder: with word of where its runs lie. */
  public static Comparison placed(
      Path folder, Comparison comparison, FinishedRun baseline, FinishedRun candidate) {
    return placed(comparison, place(folder, baseline.folder()), place(folder, candidate.folder()));
  }

  /** A comparison with word of where its runs lie, as comparison.json says it. */
  public static Comparison placed(Comparison comparison, String baseline, String candidate) {
    return comparison.at(baseline, candidate);
  }

  /**
   * Writes a comparison into a folder, and checksums.json over it, the pairs and what was asked.
   *
   * @param comparison as {@link #placed} gives it
   */
  public static ComparisonFolder write(Path folder, Comparison comparison, List<SuitePairs> pairs) {
    List<Path> files = new ArrayList<>();
    for (SuitePairs suite : pairs) {
      files.add(pairsFile(folder, suite.suite()));
      Disk.writeLines(files.getLast(), suite.pairs());
      Path prompts = new OutFolder(folder).prompts(suite.suite());
      if (Files.exists(prompts)) {
        files.add(prompts);
      }
    }
    files.add(folder.resolve(SCHEMA));
    Disk.writeBytes(files.getLast(), jsonSchema());
    files.add(folder.resolve(NAME));
    Disk.writePage(files.getLast(), comparison);
    Checksums.write(folder, files);
    return new ComparisonFolder(folder, Seal.SCHEMA_VERSION, comparison);
  }

  /** Whether a folder has a comparison.json. */
  public static boolean exists(Path folder) {
    return Files.exists(folder.resolve(NAME));
  }

  /**
   * Reads a comparison, given comparison.json or its folder.
   *
   * @throws EvaluationException if it is none, damaged, changed, contradicts itself, or was written
   *     by a newer version
   */
  public static ComparisonFolder read(Path path) {
    Path file = Files.isDirectory(path) ? path.resolve(NAME) : path;
    if (!Files.exists(file)) {
      throw new EvaluationException(
          EvaluationException.Kind.INPUT,
          "%s: expected the folder of a finished comparison, found no %s".formatted(path, NAME));
    }
    Disk.Page page = Disk.openPage(file);
    if (page.schema() == 1) {
      Schema1Comparison.complete(page.fields());
    }
    Comparison comparison = page.as(Comparison.class);
    contradiction(comparison)
        .ifPresent(what -> {
          throw new EvaluationException(
              EvaluationException.Kind.INPUT, "%s: is damaged: %s".formatted(file, what));
        });
    var folder = new ComparisonFolder(Disk.parent(file), page.schema(), comparison);
    folder.requireUnchanged(file);
    return folder;
  }

  private static Optional<String> contradiction(Comparison comparison) {
    if (comparison.suites().isEmpty() && comparison.verdict() != Verdict.INVALID) {
      return Optional.of("%s, but no suites".formatted(comparison.verdict()));
    }
    for (SuiteComparison suite : comparison.suites()) {
      int known = suite.losses() + suite.gains() + suite.bothRight() + suite.bothWrong();
      if (known > suite.items() || suite.items() > suite.asked()) {
        return Optional.of(
            "%s: %d pairs in the table of %d judged items of %d asked"
                .formatted(suite.suite(), known, suite.items(), suite.asked()));
      }
      int flips = comparison.flipsOf(suite.suite()).size();
      if (flips != suite.losses() + suite.gains()) {
        return Optional.of(
            "%s: %d losses and %d gains, but %d flips"
                .formatted(suite.suite(), suite.losses(), suite.gains(), flips));
      }
    }
    return Optional.empty();
  }

  /** Holds a file against the folder's list; a comparison.json that lies alone has none. */
  private void requireUnchanged(Path file) {
    if (schema > 1 && file.endsWith(NAME) && Checksums.exist(path)) {
      Checksums.read(path).require(path, path.resolve(NAME));
    }
  }

  /**
   * The pairs of a suite of the comparison.
   *
   * @throws EvaluationException if they are damaged, or were not written, as by schema 1
   */
  public SuitePairs pairs(SuiteComparison suite) {
    List<Pair> pairs = new ArrayList<>();
    if (schema < 2) {
      throw new EvaluationException(
          EvaluationException.Kind.INPUT,
          "%s: was written by an older QuantGate (schema 1), which kept no pairs; quantgate compare %s %s --out DIR makes them"
              .formatted(path.resolve(NAME), path.resolve("baseline"), path.resolve("candidate")));
    }
    Path file = pairsFile(path, suite.suite());
    Disk.readLines(file, schema, Pair.class, pairs::add);
    if (Checksums.exist(path)) {
      Checksums.read(path).require(path, file);
    }
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
    return folder.resolve(pairsName(suite));
  }

  /** A suite's file of pairs, below the folder. */
  public static String pairsName(String suite) {
    return "%s/%s.jsonl".formatted(PAIRS, suite);
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
  public static byte[] jsonSchema() {
    try (InputStream in = ComparisonFolder.class.getResourceAsStream(SCHEMA)) {
      if (in == null) {
        throw new IllegalStateException("the resource %s is missing".formatted(SCHEMA));
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException("the resource %s cannot be read".formatted(SCHEMA), e);
    }
  }
}
