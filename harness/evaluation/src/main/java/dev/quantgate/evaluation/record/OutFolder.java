package dev.quantgate.evaluation.record;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.INPUT;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The folder that {@code --out} names: a folder for each model, prompts, pairs, a comparison and
 * its reports.
 */
public record OutFolder(Path path) {
  private static final String LOCK = ".lock";
  private static final Set<String> OURS =
      Set.of(
          LOCK,
          "baseline",
          "candidate",
          "model",
          "prompts",
          "pairs",
          "report",
          "comparison.json",
          "comparison.schema.json",
          "checksums.json");

  /** How deep the files of a run lie: model, journal, file. */
  private static final int DEPTH = 3;

  /** The folder of one model's run. */
  public Path run(Side side) {
    return path.resolve(side.toString());
  }

  /** What the models were asked. */
  public Path prompts(String suite) {
    return path.resolve("prompts").resolve("%s.jsonl".formatted(suite));
  }

  /** Whether a model's run is there, finished or not. */
  public boolean holdsRun() {
    return Stream.of(Side.values()).anyMatch(side -> RunFolder.locate(path, side).isPresent());
  }

  /**
   * Refuses a folder in which writing would do harm: a file, one that holds other things than a
   * run, or one where a symbolic link or a device stands in the place of a file of ours.
   */
  public void requireUsable() {
    if (!Files.exists(path)) {
      return;
    }
    if (!Files.isDirectory(path)) {
      throw new EvaluationException(INPUT, "%s: is a file; --out names a folder".formatted(path));
    }
    List<String> others;
    try (Stream<Path> listed = Files.list(path)) {
      others = listed.map(Disk::name).filter(name -> !ours(name)).sorted().toList();
    } catch (IOException e) {
      throw Disk.cannot("listed", path, e);
    }
    if (!others.isEmpty() && !holdsRun() && !Files.exists(path.resolve("comparison.json"))) {
      throw new EvaluationException(
          INPUT,
          "%s: is neither empty nor a run, it holds %s; give another --out"
              .formatted(path, others.size() == 1 ? others.getFirst() : shown(others)));
    }
    OURS.forEach(name -> requirePlain(path.resolve(name)));
  }

  private static String shown(List<String> names) {
    return "%s and %d more".formatted(names.getFirst(), names.size() - 1);
  }

  private static boolean ours(String name) {
    return OURS.contains(name)
        || name.startsWith(".")
            && name.endsWith(".part")
            && OURS.contains(name.substring(1, name.length() - ".part".length()));
  }

  private static void requirePlain(Path place) {
    if (!Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> files = Files.walk(place, DEPTH)) {
      files.forEach(file -> {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
            && !Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
          throw new EvaluationException(
              INPUT,
              "%s: is %s where a file of the run belongs; nothing is written through it, remove it or give another --out"
                  .formatted(
                      file,
                      Files.isSymbolicLink(file) ? "a symbolic link" : "a pipe, device or socket"));
        }
      });
    } catch (IOException e) {
      throw Disk.cannot("listed", place, e);
    }
  }
}
