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
   * run, be it under the names of a run, or one where a symbolic link or a device stands in the
   * place of a file of ours.
   */
  public void requireUsable() {
    if (!Files.exists(path)) {
      return;
    }
    if (!Files.isDirectory(path)) {
      throw new EvaluationException(INPUT, "%s: is a file; --out names a folder".formatted(path));
    }
    List<String> others = names(path).stream().filter(name -> !ours(name)).toList();
    if (!others.isEmpty() && !isRun()) {
      throw occupied(path, "neither empty nor a run", others);
    }
    OURS.forEach(name -> requirePlain(path.resolve(name)));
    Stream.of(Side.values()).forEach(this::requireRun);
    if (!isRun()) {
      requireNothingBut("", path.resolve("report"));
      requireNothingBut(".jsonl", path.resolve("prompts"));
      requireNothingBut(".jsonl", path.resolve("pairs"));
    }
  }

  /**
   * Refuses a run that would be written into the folder of a model that takes part in it, by
   * whatever names the two are reached.
   */
  public void requireApartFrom(Path model) {
    for (Side side : Side.values()) {
      try {
        if (Files.exists(run(side)) && Files.isSameFile(run(side), model)) {
          throw new EvaluationException(
              INPUT,
              "%s: is the folder of a model, and the run of the %s would be written into it; give another --out"
                  .formatted(model, side));
        }
      } catch (IOException e) {
        throw Disk.cannot("looked up", model, e);
      }
    }
  }

  private boolean isRun() {
    return holdsRun() || Files.exists(path.resolve("comparison.json"));
  }

  /** A model's run has an identity; one that was stopped before it had one may have a journal. */
  private void requireRun(Side side) {
    Path run = run(side);
    if (!Files.exists(run.resolve(RunFolder.IDENTITY))) {
      List<String> others =
          names(run).stream()
              .filter(name -> !name.equals(RunFolder.JOURNAL) && !isPart(name))
              .toList();
      if (!others.isEmpty()) {
        throw occupied(
            run,
            "no run (no %s) where that of the %s belongs".formatted(RunFolder.IDENTITY, side),
            others);
      }
    }
  }

  private static void requireNothingBut(String ending, Path folder) {
    List<String> others =
        names(folder).stream()
            .filter(name -> ending.isEmpty() || !name.endsWith(ending))
            .filter(name -> !isPart(name))
            .toList();
    if (!others.isEmpty()) {
      throw occupied(folder, "no part of a run, and a run would be written there", others);
    }
  }

  private static boolean isPart(String name) {
    return name.startsWith(".") && name.endsWith(".part");
  }

  /** What a folder holds, in order; nothing where there is none. */
  private static List<String> names(Path folder) {
    if (!Files.exists(folder)) {
      return List.of();
    }
    if (!Files.isDirectory(folder)) {
      throw new EvaluationException(
          INPUT,
          "%s: is a file where a folder of the run belongs; give another --out".formatted(folder));
    }
    try (Stream<Path> listed = Files.list(folder)) {
      return listed.map(Disk::name).sorted().toList();
    } catch (IOException e) {
      throw Disk.cannot("listed", folder, e);
    }
  }

  private static EvaluationException occupied(Path folder, String what, List<String> names) {
    String held =
        names.size() == 1
            ? names.getFirst()
            : "%s and %d more".formatted(names.getFirst(), names.size() - 1);
    return new EvaluationException(
        INPUT, "%s: is %s, it holds %s; give another --out".formatted(folder, what, held));
  }

  private static boolean ours(String name) {
    return OURS.contains(name)
        || isPart(name) && OURS.contains(name.substring(1, name.length() - ".part".length()));
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
