package dev.quantgate.benchmarks;

import dev.quantgate.benchmarks.Verification.Status;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The folder in which the official data sets are kept, one folder each.
 *
 * <p>A file gets its name there only when its length and its sha256 are those of the catalogue.
 * Until then it is called {@code .NAME.part}, which an interrupted transfer leaves behind and the
 * next one continues. One process at a time fetches a file.
 */
public final class DataStore {
  private final Path folder;
  private final Download download;

  private DataStore(Path folder, Download download) {
    this.folder = folder.toAbsolutePath().normalize();
    this.download = download;
  }

  /** A store in a folder of the caller's choice, which need not exist yet. */
  public static DataStore at(Path folder) {
    return at(folder, Download.STANDARD);
  }

  static DataStore at(Path folder, Download download) {
    return new DataStore(folder, download);
  }

  /**
   * The user's own: {@code data} in the folder that QUANTGATE_CACHE names, else in {@code
   * quantgate} in the one that XDG_CACHE_HOME names, else in {@code ~/.cache/quantgate}.
   */
  public static DataStore standard() {
    return standard(System.getenv(), Path.of(System.getProperty("user.home", ".")));
  }

  static DataStore standard(Map<String, String> environment, Path home) {
    @Nullable String own = environment.get("QUANTGATE_CACHE");
    @Nullable String xdg = environment.get("XDG_CACHE_HOME");
    Path cache;
    if (own != null && !own.isBlank()) {
      cache = Path.of(own);
    } else if (xdg != null && !xdg.isBlank() && Path.of(xdg).isAbsolute()) {
      cache = Path.of(xdg, "quantgate");
    } else {
      cache = home.resolve(".cache").resolve("quantgate");
    }
    return at(cache.resolve("data"));
  }

  /** The folder; it need not exist. */
  public Path folder() {
    return folder;
  }

  /**
   * Where a set's data lies in this store; empty where it has none. Its content is not looked at.
   */
  public Optional<Path> find(DataSet set) {
    return DataLayout.find(set, folder);
  }

  /**
   * Brings a data set into this store, or finds it there.
   *
   * @param progress told of the bytes as they come
   * @return the file, which has been checked now
   * @throws DataException if it cannot be had, saying why for each address tried
   */
  public Path fetch(DataSet set, FetchOptions options, FetchProgress progress) {
    return fetch(set, set.addresses(), options, progress);
  }

  Path fetch(DataSet set, List<URI> published, FetchOptions options, FetchProgress progress) {
    Path home = folder.resolve(set.name());
    Path target = home.resolve(set.file().name());
    if (options.source().isPresent()) {
      return fromLocal(set, home, options.source().get(), progress);
    }
    if (matches(target, set.file())) {
      progress.update(set.file().name(), set.file().bytes(), set.file().bytes());
      return target;
    }
    if (options.offline()) {
      throw new DataException(
          """
          %s is not in %s, and the network is not to be used.
          Fetch it elsewhere and give it with --from, or name its folder with --data\
          """
              .formatted(set.file().name(), home));
    }
    var failures = new ArrayList<String>();
    for (URI address : addresses(set, published, options)) {
      try {
        return install(
            target,
            set.file(),
            part -> {
              boolean continued = part.size() > 0;
              download.run(address, set.file(), part, progress);
              String found = sha256(part);
              if (!found.equals(set.file().sha256()) && continued) {
                // What an earlier transfer left may be the wrong half: once more, from the start.
                part.truncate(0);
                download.run(address, set.file(), part, progress);
                found = sha256(part);
              }
              if (!found.equals(set.file().sha256())) {
                part.truncate(0);
                throw new Download.Refused(
                    "%s: expected sha256 %s, found %s"
                        .formatted(address, set.file().sha256(), found));
              }
            });
      } catch (Download.Refused e) {
        failures.add(e.getMessage());
      }
    }
    throw new DataException(
        """
        %s could not be fetched: %s.
        A mirror is given with --mirror, a local copy with --from\
        """
            .formatted(set.file().name(), String.join("; ", failures)));
  }

  /** Checks the data of every suite that a folder, or this store's own, can serve. */
  public List<Verification> verify(Optional<Path> given) {
    Path where = given.orElse(folder);
    var verifications = new ArrayList<Verification>();
    for (DataSet set : Catalogue.sets()) {
      Optional<Path> path = DataLayout.find(set, where);
      for (String suite : set.suites()) {
        verifications.add(
            path.isPresent()
                ? verify(suite, where, path.get())
                : new Verification(
                    suite, Status.MISSING, path, "", 0, "not in %s".formatted(where)));
      }
    }
    return List.copyOf(verifications);
  }

  private static Verification verify(String suite, Path where, Path path) {
    try {
      SuiteData data = BenchmarkData.load(suite, new DataOptions(Optional.of(where), true));
      boolean official = data.origin().catalogued();
      return new Verification(
          suite,
          official ? Status.OFFICIAL : Status.CUSTOM,
          Optional.of(path),
          data.origin().sha256(),
          data.size(),
          official ? "known to the catalogue by its sha256" : difference(suite, data));
    } catch (DataException e) {
      return new Verification(
          suite, Status.DAMAGED, Optional.of(path), "", 0, String.valueOf(e.getMessage()));
    }
  }

  /** How data that is not catalogued differs from what is. */
  private static String difference(String suite, SuiteData data) {
    return "not catalogued: %,d items, sha256 %.12s...; expected %s"
        .formatted(
            data.size(),
            data.origin().sha256(),
            Catalogue.editions(suite).stream()
                .map(edition ->
                    "%,d, %.12s... (%s)"
                        .formatted(edition.items(), edition.contentSha256(), edition.name()))
                .collect(Collectors.joining(" or ")));
  }

  private static List<URI> addresses(DataSet set, List<URI> published, FetchOptions options) {
    if (options.mirror().isEmpty()) {
      return published;
    }
    String base = options.mirror().get().toString();
    String start = base.endsWith("/") ? base : base + "/";
    var addresses = new ArrayList<URI>();
    addresses.add(URI.create(start + set.name() + "/" + set.file().name()));
    addresses.add(URI.create(start + set.file().name()));
    published.forEach(
        address -> addresses.add(URI.create(start + address.getRawPath().substring(1))));
    return addresses;
  }

  /** Copies a set's file, or one that has the same items, from where it lies already. */
  private Path fromLocal(DataSet set, Path home, Path source, FetchProgress progress) {
    if (!Files.exists(source)) {
      throw new DataException("%s: there is no such file or folder".formatted(source));
    }
    var files = new ArrayList<DataFile>();
    files.add(set.file());
    files.addAll(set.alternatives());
    Path found = DataLayout.find(set, source).filter(Files::isRegularFile).orElse(null);
    if (found == null) {
      throw new DataException(
          "%s: expected %s there or in its folder %s, found neither"
              .formatted(
                  source,
                  String.join(" or ", files.stream().map(DataFile::name).toList()),
                  set.name()));
    }
    long bytes;
    String sha256;
    try {
      bytes = Files.size(found);
      sha256 = sha256(found);
    } catch (IOException e) {
      throw new DataException("%s cannot be read: %s".formatted(found, FileTree.reason(e)), e);
    }
    DataFile file =
        files.stream()
            .filter(known -> known.bytes() == bytes && known.sha256().equals(sha256))
            .findFirst()
            .orElseThrow(() ->
                new DataException(
                    "%s: expected %s, found %,d bytes with sha256 %s"
                        .formatted(
                            found,
                            String.join(
                                " or ",
                                files.stream()
                                    .map(known ->
                                        "%,d bytes with sha256 %s (%s)"
                                            .formatted(known.bytes(), known.sha256(), known.name()))
                                    .toList()),
                            bytes,
                            sha256)));
    Path target = home.resolve(file.name());
    if (matches(target, file)) {
      progress.update(file.name(), file.bytes(), file.bytes());
      return target;
    }
    try {
      return install(
          target,
          file,
          part -> {
            part.truncate(0);
            try (var in = Files.newInputStream(found)) {
              var out = Channels.newOutputStream(part.position(0));
              byte[] chunk = new byte[1 << 16];
              long done = 0;
              for (int read = in.read(chunk); read >= 0 && done <= bytes; read = in.read(chunk)) {
                out.write(chunk, 0, read);
                done += read;
                progress.update(file.name(), done, bytes);
              }
            }
            if (!sha256(part).equals(sha256)) {
              part.truncate(0);
              throw new Download.Refused("%s changed while it was copied".formatted(found));
            }
          });
    } catch (Download.Refused e) {
      throw new DataException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Fills and checks a part. */
  @FunctionalInterface
  private interface Filling {
    void fill(FileChannel part) throws IOException, Download.Refused;
  }

  /**
   * Fills the part of a file and moves it into place. A file of that name that was there is kept as
   * {@code NAME.replaced}.
   */
  private static Path install(Path target, DataFile file, Filling filling) throws Download.Refused {
    Path part = target.resolveSibling("." + file.name() + ".part");
    try {
      Files.createDirectories(part.getParent());
      try (var channel =
              FileChannel.open(
                  part,
                  StandardOpenOption.CREATE,
                  StandardOpenOption.READ,
                  StandardOpenOption.WRITE);
          var _ = lock(channel, part)) {
        filling.fill(channel);
        channel.force(true);
        if (Files.exists(target)) {
          Files.move(
              target,
              target.resolveSibling(file.name() + ".replaced"),
              StandardCopyOption.REPLACE_EXISTING);
        }
        try {
          Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
          Files.move(part, target);
        }
        return target;
      }
    } catch (IOException e) {
      throw new DataException("%s cannot be written: %s".formatted(target, FileTree.reason(e)), e);
    } finally {
      deleteIfEmpty(part);
    }
  }

  /** A part in which nothing has arrived is of no use to a later transfer. */
  private static void deleteIfEmpty(Path part) {
    try {
      if (Files.isRegularFile(part) && Files.size(part) == 0) {
        Files.delete(part);
      }
    } catch (IOException e) {
      // It is in nobody's way.
    }
  }

  private static FileLock lock(FileChannel channel, Path part) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return lock;
      }
    } catch (OverlappingFileLockException e) {
      // Another thread of this program holds it; told as for another process.
    }
    throw new DataException(
        "%s is being fetched by somebody else; wait for that to end".formatted(part));
  }

  private static boolean matches(Path path, DataFile file) {
    try {
      return Files.isRegularFile(path)
          && Files.size(path) == file.bytes()
          && sha256(path).equals(file.sha256());
    } catch (IOException e) {
      return false;
    }
  }

  private static String sha256(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      var digest = Text.sha256();
      byte[] chunk = new byte[1 << 16];
      for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
        digest.update(chunk, 0, read);
      }
      return Text.hex(digest);
    }
  }

  private static String sha256(FileChannel file) throws IOException {
    var digest = Text.sha256();
    var buffer = ByteBuffer.allocate(1 << 16);
    long at = 0;
    for (int read = file.read(buffer, at); read >= 0; read = file.read(buffer, at)) {
      digest.update(buffer.flip());
      buffer.clear();
      at += read;
    }
    return Text.hex(digest);
  }
}
