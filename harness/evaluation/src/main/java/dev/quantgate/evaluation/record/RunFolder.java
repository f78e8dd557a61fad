package dev.quantgate.evaluation.record;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.INPUT;

import dev.quantgate.base.Sha256;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Where things lie in the folder of one model's run. */
public final class RunFolder {
  private static final String IDENTITY = "identity.json";
  private static final String PROVENANCE = "provenance.json";

  private final Path folder;

  public RunFolder(Path folder) {
    this.folder = folder;
  }

  public Path identity() {
    return folder.resolve(IDENTITY);
  }

  public Path provenance() {
    return folder.resolve(PROVENANCE);
  }

  public Path answers(String suite) {
    return folder.resolve("journal").resolve(suite + ".answers.jsonl");
  }

  public Path executions(String suite) {
    return folder.resolve("journal").resolve(suite + ".executions.jsonl");
  }

  public Path records(String suite) {
    return folder.resolve(suite + ".jsonl");
  }

  public Path timings(String suite) {
    return folder.resolve(suite + ".timings.jsonl");
  }

  /**
   * Claims the folder for a run: a new one is given the identity, one that holds another run is
   * refused. Gives the provenance up to now.
   */
  public Provenance claim(Identity identity, Provenance fresh) {
    if (Files.exists(identity())) {
      identity.requireIn(folder, Disk.readPage(identity(), Identity.class));
    } else {
      if (Files.exists(folder.resolve("journal"))) {
        throw new EvaluationException(
            INPUT,
            folder
                + ": holds a journal but no "
                + IDENTITY
                + ", so nobody knows what was asked;"
                + " remove the folder, or give another --out");
      }
      Disk.writePage(identity(), identity);
    }
    if (!Files.exists(provenance())) {
      return fresh;
    }
    Provenance stored = Disk.readPage(provenance(), Provenance.class);
    return new Provenance(fresh.reference(), stored.sessions(), fresh.suites());
  }

  /**
   * The folder of one model's run that a user means: the folder itself, or the one in it for that
   * side or for a single model.
   */
  public static Optional<Path> locate(Path path, Side side) {
    for (Path candidate :
        List.of(path, path.resolve(side.toString()), path.resolve(Side.MODEL.toString()))) {
      if (Files.isRegularFile(candidate.resolve(IDENTITY))) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  /**
   * Reads a finished run.
   *
   * @throws EvaluationException if it is unfinished, damaged, or its items are not those of its
   *     identity
   */
  public static FinishedRun read(Path path) {
    var folder = new RunFolder(path);
    if (!Files.isRegularFile(folder.identity())) {
      throw new EvaluationException(
          INPUT, path + ": expected the folder of a run, with " + IDENTITY + " in it, found none");
    }
    Identity identity = Disk.readPage(folder.identity(), Identity.class);
    Map<String, List<ItemRecord>> suites = new LinkedHashMap<>();
    for (String suite : identity.get("suites").split(",", -1)) {
      if (!suite.matches("[a-z0-9][a-z0-9_-]{0,63}")) {
        throw new EvaluationException(
            INPUT, folder.identity() + ": names no suites that could be read");
      }
      if (!Files.exists(folder.records(suite))) {
        throw new EvaluationException(
            INPUT,
            path
                + ": suite "
                + suite
                + " is not finished (no "
                + suite
                + ".jsonl);"
                + " repeat the command that began the run");
      }
      suites.put(suite, records(folder.records(suite), identity.get("suite." + suite + ".items")));
    }
    Provenance provenance = Disk.readPage(folder.provenance(), Provenance.class);
    for (String suite : suites.keySet()) {
      if (!provenance.suites().containsKey(suite)) {
        throw new EvaluationException(
            INPUT, folder.provenance() + ": says nothing about suite " + suite);
      }
    }
    return new FinishedRun(path, identity, provenance, suites);
  }

  private static List<ItemRecord> records(Path file, String items) {
    List<ItemRecord> records = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    Disk.readLines(
        file,
        ItemRecord.class,
        record -> {
          if (!ids.add(record.id())) {
            throw new EvaluationException(
                INPUT, file + ": item " + record.id() + " is there twice");
          }
          records.add(record);
        });
    String found = items(records.stream().map(ItemRecord::id).toList());
    if (!found.equals(items)) {
      throw new EvaluationException(
          INPUT,
          file
              + ": expected the items that identity.json names ("
              + items
              + "), found others ("
              + found
              + "); the file was changed or cut");
    }
    return records;
  }

  /** Names a list of items: how many, and a hash over their ids in order. */
  public static String items(List<String> ids) {
    var hash = new Sha256();
    ids.forEach(hash::add);
    return ids.size() + " " + hash.hex();
  }
}
