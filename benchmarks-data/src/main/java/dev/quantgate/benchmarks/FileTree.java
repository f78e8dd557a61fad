package dev.quantgate.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Files under relative names with slashes: a folder, a zip archive or resources of the class path.
 * Nothing is ever unpacked to disk. Reading is bounded, whatever an archive says of its sizes.
 */
sealed interface FileTree extends AutoCloseable {
  /** The most that one file may hold, unpacked. The largest official one has 4 MB. */
  int MAX_BYTES = 64 << 20;

  /** The most entries of an archive. C-Eval has 159. */
  int MAX_ENTRIES = 10_000;

  /** Whether there is such a file. */
  boolean has(String name);

  /**
   * The whole content of a file.
   *
   * @throws DataException if there is none, or if it is larger than {@link #MAX_BYTES}
   */
  byte[] read(String name);

  /** The names of the files directly in a folder, sorted; empty where there is no such folder. */
  List<String> list(String folder);

  /** A file's name for messages. */
  String describe(String name);

  @Override
  void close();

  /** Opens a folder, or a zip archive. */
  static FileTree open(Path path) {
    return Files.isDirectory(path) ? new Folder(path) : Zip.open(path);
  }

  /** Reads all of a stream, up to {@link #MAX_BYTES}. */
  static byte[] bounded(InputStream in, String description) throws IOException {
    byte[] bytes = in.readNBytes(MAX_BYTES + 1);
    if (bytes.length > MAX_BYTES) {
      throw new DataException(
          "%s: expected at most %,d bytes, found more".formatted(description, MAX_BYTES));
    }
    return bytes;
  }

  /** Reads all of a file, up to {@link #MAX_BYTES}. */
  static byte[] bounded(Path file) {
    try (var in = Files.newInputStream(file)) {
      return bounded(in, file.toString());
    } catch (IOException e) {
      throw new DataException("%s cannot be read: %s".formatted(file, reason(e)), e);
    }
  }

  /** Why a file could not be read, for people: the exceptions of java.nio say only the name. */
  static String reason(IOException e) {
    return switch (e) {
      case java.nio.file.NoSuchFileException missing -> "there is no such file";
      case java.nio.file.AccessDeniedException denied -> "permission denied";
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }

  /** A folder of the file system. */
  record Folder(Path root) implements FileTree {
    @Override
    public boolean has(String name) {
      return Files.isRegularFile(root.resolve(name));
    }

    @Override
    public byte[] read(String name) {
      return bounded(root.resolve(name));
    }

    @Override
    public List<String> list(String folder) {
      Path path = root.resolve(folder);
      if (!Files.isDirectory(path)) {
        return List.of();
      }
      try (Stream<Path> files = Files.list(path)) {
        return files
            .filter(Files::isRegularFile)
            .map(file -> file.getFileName().toString())
            .limit(MAX_ENTRIES + 1L)
            .sorted()
            .toList();
      } catch (IOException | UncheckedIOException e) {
        throw new DataException("%s cannot be listed: %s".formatted(path, e.getMessage()), e);
      }
    }

    @Override
    public String describe(String name) {
      return root.resolve(name).toString();
    }

    @Override
    public void close() {}
  }

  /** A zip archive. Names that lead out of it, and names given twice, make it unusable. */
  final class Zip implements FileTree {
    private final Path path;
    private final ZipFile archive;
    private final Map<String, ZipEntry> entries;

    private Zip(Path path, ZipFile archive, Map<String, ZipEntry> entries) {
      this.path = path;
      this.archive = archive;
      this.entries = entries;
    }

    static Zip open(Path path) {
      ZipFile archive = null;
      try {
        archive = new ZipFile(path.toFile());
        if (archive.size() > MAX_ENTRIES) {
          throw new DataException(
              "%s: expected at most %,d entries, found %,d"
                  .formatted(path, MAX_ENTRIES, archive.size()));
        }
        var zip = new Zip(path, archive, index(path, archive.entries()));
        archive = null;
        return zip;
      } catch (ZipException e) {
        throw new DataException(
            "%s: expected a zip archive, found a damaged one or something else (%s)"
                .formatted(path, e.getMessage()),
            e);
      } catch (IOException e) {
        throw new DataException("%s cannot be read: %s".formatted(path, reason(e)), e);
      } finally {
        closeQuietly(archive);
      }
    }

    private static Map<String, ZipEntry> index(Path path, Enumeration<? extends ZipEntry> entries) {
      var index = new HashMap<String, ZipEntry>();
      while (entries.hasMoreElements()) {
        ZipEntry entry = entries.nextElement();
        String name = entry.getName();
        if (name.startsWith("/")
            || name.contains("\\")
            || name.contains(":")
            || Arrays.asList(name.split("/", -1)).contains("..")) {
          throw new DataException(
              "%s: expected names inside the archive, found %s".formatted(path, Text.shown(name)));
        }
        if (!entry.isDirectory() && index.put(name, entry) != null) {
          throw new DataException(
              "%s: expected each name once, found %s twice".formatted(path, Text.shown(name)));
        }
      }
      return index;
    }

    /**
     * The shortest name that is {@code name} or ends in {@code /name}, macOS's shadow files apart.
     */
    Optional<String> find(String name) {
      return entries.keySet().stream()
          .filter(entry -> entry.equals(name) || entry.endsWith("/" + name))
          .filter(entry -> !entry.startsWith("__MACOSX/"))
          .min(
              java.util.Comparator.comparingInt(String::length)
                  .thenComparing(java.util.Comparator.naturalOrder()));
    }

    @Override
    public boolean has(String name) {
      return entries.containsKey(name);
    }

    @Override
    public byte[] read(String name) {
      ZipEntry entry = entries.get(name);
      if (entry == null) {
        throw new DataException("%s has no entry %s".formatted(path, Text.shown(name)));
      }
      try (var in = archive.getInputStream(entry)) {
        return bounded(in, describe(name));
      } catch (IOException e) {
        throw new DataException("%s is damaged: %s".formatted(describe(name), reason(e)), e);
      }
    }

    @Override
    public List<String> list(String folder) {
      String start = folder.isEmpty() ? "" : folder + "/";
      return entries.keySet().stream()
          .filter(name -> name.startsWith(start) && name.indexOf('/', start.length()) < 0)
          .map(name -> name.substring(start.length()))
          .sorted()
          .toList();
    }

    @Override
    public String describe(String name) {
      return path + "!" + name;
    }

    @Override
    public void close() {
      closeQuietly(archive);
    }

    private static void closeQuietly(
        java.io.@org.jspecify.annotations.Nullable Closeable closeable) {
      if (closeable != null) {
        try {
          closeable.close();
        } catch (IOException e) {
          // It was only read from.
        }
      }
    }
  }

  /** Resources beside this class. They cannot be listed. */
  record Bundled(String folder) implements FileTree {
    @Override
    public boolean has(String name) {
      return FileTree.class.getResource(folder + "/" + name) != null;
    }

    @Override
    public byte[] read(String name) {
      try (var in = FileTree.class.getResourceAsStream(folder + "/" + name)) {
        if (in == null) {
          throw new DataException("This build of QuantGate has no bundled %s".formatted(name));
        }
        return bounded(in, describe(name));
      } catch (IOException e) {
        throw new DataException("%s cannot be read: %s".formatted(describe(name), reason(e)), e);
      }
    }

    @Override
    public List<String> list(String folder) {
      return List.of();
    }

    @Override
    public String describe(String name) {
      return "bundled:" + name;
    }

    @Override
    public void close() {}
  }
}
