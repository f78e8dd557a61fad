package dev.quantgate.quantization.job;

import dev.quantgate.base.FolderTree;
import dev.quantgate.quantization.QuantizationException;
import dev.quantgate.quantization.file.Json;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where a job works until its result is whole: {@code OUT.partial}, beside the result, so that the
 * result can be moved to its name in one step. One process at a time; it remembers what job it
 * belongs to.
 */
final class WorkFolder implements AutoCloseable {
  private static final String JOB = "job.json";
  private static final String LOCK = "lock";

  private final Path out;
  private final Path path;
  private final FileChannel lockFile;

  private WorkFolder(Path out, Path path, FileChannel lockFile) {
    this.out = out;
    this.path = path;
    this.lockFile = lockFile;
  }

  static WorkFolder open(Path requested) throws IOException {
    Path out = requested.toAbsolutePath().normalize();
    Path path = out.resolveSibling(out.getFileName() + ".partial");
    if (Files.exists(out, LinkOption.NOFOLLOW_LINKS)) {
      if (Files.exists(path.resolve(JOB)) && !Files.exists(path.resolve("result"))) {
        // Killed between naming the result and tidying up.
        FolderTree.delete(path);
      }
      throw new QuantizationException(
          "%s exists already; name another folder, or delete it first".formatted(requested));
    }
    requireOurs(path);
    Files.createDirectories(path);
    FileChannel lockFile =
        FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      FileLock lock = lockFile.tryLock();
      if (lock != null) {
        discard(path);
        return new WorkFolder(out, path, lockFile);
      }
    } catch (OverlappingFileLockException e) {
      // Held by this very process: the same answer as to any other.
    }
    lockFile.close();
    throw new QuantizationException(
        "%s is in use by another quantisation into %s".formatted(path, requested));
  }

  Path path() {
    return path;
  }

  /** Remembers a new job's identity; refuses to go on with another one's. */
  void checkIdentity(Map<String, String> identity) throws IOException {
    Path file = path.resolve(JOB);
    if (!Files.exists(file)) {
      Json.write(file, identity);
      return;
    }
    Map<?, ?> earlier = Json.MAPPER.readValue(Files.readAllBytes(file), Map.class);
    for (Map.Entry<String, String> entry : identity.entrySet()) {
      Object was = earlier.get(entry.getKey());
      if (!entry.getValue().equals(was)) {
        throw new QuantizationException(
            ("%s holds an unfinished job with %s %s, not %s; delete it to start anew, or repeat "
                    + "the command it was made by")
                .formatted(path, entry.getKey(), was, entry.getValue()));
      }
    }
    if (earlier.size() != identity.size()) {
      throw new QuantizationException(
          "%s holds an unfinished job of another kind; delete it to start anew".formatted(path));
    }
  }

  /** An empty folder for the result; what an earlier run left there is deleted. */
  Path emptyResult() throws IOException {
    Path result = path.resolve("result");
    FolderTree.delete(result);
    return Files.createDirectory(result);
  }

  /** Gives the result its name and removes the rest. */
  void publish() throws IOException {
    Files.move(path.resolve("result"), out, StandardCopyOption.ATOMIC_MOVE);
    Path discarded = discarded(path);
    if (Files.exists(discarded, LinkOption.NOFOLLOW_LINKS)) { // somebody's, or it would be gone
      remove(path);
    } else {
      remove(Files.move(path, discarded, StandardCopyOption.ATOMIC_MOVE));
    }
  }

  /** What is not of an unfinished job is somebody's: nothing in it is written over or deleted. */
  private static void requireOurs(Path path) throws IOException {
    FolderTree.requireNoLinkIn(path);
    if (!Files.exists(path) || Files.exists(path.resolve(JOB))) {
      return;
    }
    List<String> others = List.of();
    if (Files.isDirectory(path)) {
      try (Stream<Path> listed = Files.list(path)) {
        others =
            listed
                .map(file -> String.valueOf(file.getFileName()))
                .filter(name -> !name.equals(LOCK) && !name.equals(".%s.part".formatted(JOB)))
                .sorted()
                .toList();
      }
      if (others.isEmpty()) {
        return;
      }
    }
    throw new QuantizationException(
        "%s is where the job works, and no unfinished job%s; move it, or give another --out"
            .formatted(path, others.isEmpty() ? "" : ", it holds %s".formatted(others.getFirst())));
  }

  /** Deletes what a job that was killed at its very end left, if it is that. */
  private static void discard(Path path) throws IOException {
    Path discarded = discarded(path);
    if (Files.exists(discarded.resolve(JOB)) && !Files.isSymbolicLink(discarded)) {
      remove(discarded);
    }
  }

  /** Deletes a folder, and last of all what says that it is a job's. */
  private static void remove(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(each -> !each.endsWith(JOB)).toList()) {
        FolderTree.delete(file);
      }
    }
    FolderTree.delete(folder);
  }

  private static Path discarded(Path path) {
    return path.resolveSibling(path.getFileName() + ".done");
  }

  @Override
  public void close() throws IOException {
    lockFile.close();
  }
}
