package dev.quantgate.evaluation.run;

import dev.quantgate.base.FolderTree;
import dev.quantgate.base.QuantGateException;
import dev.quantgate.base.Sha256;
import dev.quantgate.evaluation.record.Checksums;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.Identity;
import dev.quantgate.evaluation.record.OutFolder;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.Side;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Finished runs of baselines, kept in a folder for the candidates to come. Each lies in a folder of
 * its own, named by the hash of its identity and laid out as {@code eval} lays one out, so that
 * {@code compare} and {@code verify} take it too; a list of checksums names every file of it. A run
 * that is there already is never written over, only one that is damaged. What was not used for the
 * longest time goes first, and the whole folder can be removed at any time.
 */
final class KeptBaselines {
  /** More runs, or more bytes in all, are not kept. */
  static final int MOST_RUNS = 32;

  static final long MOST_BYTES = 4L << 30;

  /** What a killed process left behind is taken away after so long. */
  private static final Duration LEFT_OVER = Duration.ofDays(1);

  private static final String PART = ".part";
  private static final String PROMPTS = "prompts";

  private final Path folder;

  /**
   * @param cache what can be made again lies below it
   */
  KeptBaselines(Path cache) {
    this.folder = cache.resolve("baselines");
  }

  /**
   * A kept run.
   *
   * @param identity as its file says, which no other file was held against yet
   */
  record Entry(Path folder, Identity identity) {
    Path run() {
      return folder.resolve(Side.MODEL.toString());
    }

    private OutFolder out() {
      return new OutFolder(folder);
    }

    /** What names the run, as far as its list of files is there. */
    Optional<String> sha256() {
      return Checksums.exist(run()) ? Optional.of(Checksums.of(run())) : Optional.empty();
    }

    /**
     * Reads and checks all of it.
     *
     * @throws QuantGateException if a file is missing or was changed
     */
    FinishedRun checked() {
      requireAll(folder);
      return RunFolder.read(run());
    }

    private static void requireAll(Path folder) {
      Checksums.read(folder).requireAll(folder);
      Path run = folder.resolve(Side.MODEL.toString());
      Checksums.read(run).requireAll(run);
    }
  }

  /** Where they lie. */
  Path folder() {
    return folder;
  }

  /** Those whose identity can be read and is wanted. */
  List<Entry> find(Predicate<Entry> wanted) {
    List<Entry> found = new ArrayList<>();
    for (Path each : folders()) {
      try {
        var run = new RunFolder(each.resolve(Side.MODEL.toString()));
        var entry = new Entry(each, Disk.readPage(run.identity(), Identity.class));
        if (name(entry.identity()).equals(each.getFileName().toString()) && wanted.test(entry)) {
          found.add(entry);
        }
      } catch (QuantGateException e) {
        // Nobody knows what it is a run of, so nobody can ask for it; it goes as it is not used.
      }
    }
    return found;
  }

  /**
   * Puts a copy of a kept run into a folder, as its baseline.
   *
   * @throws QuantGateException if the copy is not what was kept
   */
  void install(Entry entry, OutFolder out) {
    Path part = out.path().resolve(".%s%s".formatted(Side.BASELINE, PART));
    Path run = out.run(Side.BASELINE);
    try {
      FolderTree.delete(part);
      copy(entry.run(), part);
      Checksums.read(part).requireAll(part);
      for (String suite : entry.identity().suites()) {
        Path prompts = out.prompts(suite);
        Files.createDirectories(Disk.parent(prompts));
        Disk.writeBytes(prompts, Files.readAllBytes(entry.out().prompts(suite)));
      }
      Files.move(part, run, StandardCopyOption.ATOMIC_MOVE);
      used(entry.folder());
    } catch (IOException e) {
      throw Disk.cannot("copied", entry.run(), e);
    }
  }

  /**
   * Keeps a finished run. One of the same identity that is there and sound stays.
   *
   * @param out in which it was made, with its prompts
   * @return why it is not kept; empty where it is
   */
  Optional<String> keep(FinishedRun run, OutFolder out) {
    Path place = folder.resolve(name(run.identity()));
    Path part = folder.resolve(".%s%s".formatted(UUID.randomUUID(), PART));
    try {
      if (Files.exists(place)) {
        if (sound(new Entry(place, run.identity()))) {
          used(place);
          return Optional.empty();
        }
        remove(place);
      }
      Files.createDirectories(part);
      Path copied = part.resolve(Side.MODEL.toString());
      copy(run.folder(), copied);
      List<Path> listed = new ArrayList<>(List.of(copied.resolve(Checksums.NAME)));
      Files.createDirectories(part.resolve(PROMPTS));
      for (String suite : run.identity().suites()) {
        Path prompts = new OutFolder(part).prompts(suite);
        Files.copy(out.prompts(suite), prompts);
        listed.add(prompts);
      }
      Checksums.write(part, listed);
      Entry.requireAll(part);
      long bytes = bytes(part);
      if (bytes > MOST_BYTES) {
        FolderTree.delete(part);
        return Optional.of(
            "it has %d MiB, and at most %d are kept".formatted(bytes >> 20, MOST_BYTES >> 20));
      }
      makeRoom(bytes);
      move(part, place);
      return Optional.empty();
    } catch (IOException | QuantGateException e) {
      discard(part);
      return Optional.of(String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }
  }

  private static boolean sound(Entry entry) {
    try {
      entry.checked();
      return true;
    } catch (QuantGateException e) {
      return false;
    }
  }

  /** Takes a kept run away, whole or not at all. */
  void remove(Path entry) {
    Path part = folder.resolve(".%s%s".formatted(UUID.randomUUID(), PART));
    try {
      Files.move(entry, part, StandardCopyOption.ATOMIC_MOVE);
      FolderTree.delete(part);
    } catch (IOException e) {
      // Another process has taken it away, or will find it as it is.
    }
  }

  private void makeRoom(long bytes) throws IOException {
    takeAwayLeftOvers();
    List<Path> oldest = new ArrayList<>(folders());
    oldest.sort(Comparator.comparing(KeptBaselines::lastUsed));
    long sum = bytes;
    for (Path each : oldest) {
      sum += bytes(each);
    }
    for (Path each : oldest) {
      if (oldest.size() - oldest.indexOf(each) < MOST_RUNS && sum <= MOST_BYTES) {
        return;
      }
      sum -= bytes(each);
      remove(each);
    }
  }

  private void takeAwayLeftOvers() throws IOException {
    Instant before = Instant.now().minus(LEFT_OVER);
    try (Stream<Path> listed = Files.list(folder)) {
      listed
          .filter(file -> file.getFileName().toString().endsWith(PART))
          .filter(file -> lastUsed(file).toInstant().isBefore(before))
          .forEach(KeptBaselines::discard);
    }
  }

  private List<Path> folders() {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> listed = Files.list(folder)) {
      return listed
          .filter(each -> Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS))
          .filter(each -> !each.getFileName().toString().startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw Disk.cannot("listed", folder, e);
    }
  }

  /** The name of the folder of a run of this identity. */
  private static String name(Identity identity) {
    var hash = new Sha256();
    identity.fields().forEach((field, value) -> hash.add(field).add(value));
    return hash.hex();
  }

  private static void used(Path entry) throws IOException {
    Files.setLastModifiedTime(entry, FileTime.from(Instant.now()));
  }

  private static FileTime lastUsed(Path entry) {
    try {
      return Files.getLastModifiedTime(entry);
    } catch (IOException e) {
      return FileTime.fromMillis(0);
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileAlreadyExistsException | java.nio.file.DirectoryNotEmptyException e) {
      FolderTree.delete(from); // another process kept the same run first
    }
  }

  /** Copies a run's files, and nothing else that may lie there. */
  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    for (String name : Checksums.read(from).files().keySet()) {
      Path file = to.resolve(name).normalize();
      if (!file.startsWith(to)) {
        throw new EvaluationException(
            EvaluationException.Kind.INPUT,
            "%s: lists %s, which is not in its folder"
                .formatted(from.resolve(Checksums.NAME), name));
      }
      Files.createDirectories(Disk.parent(file));
      Files.copy(from.resolve(name), file);
    }
    Files.copy(from.resolve(Checksums.NAME), to.resolve(Checksums.NAME));
  }

  private static long bytes(Path place) throws IOException {
    try (Stream<Path> files = Files.walk(place)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }

  private static void discard(Path place) {
    try {
      FolderTree.delete(place);
    } catch (IOException e) {
      // It is taken away as a left-over.
    }
  }
}
