package dev.quantgate.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The bundled demo model, laid out as folders, because engines map weights from files.
 *
 * <p>It is a Llama of a few million parameters, trained for this project on text that the project
 * generates; see {@code benchmarks-data/demo-model/README.md}. It exists to be compared, not to be
 * useful.
 *
 * @param fp16 the checkpoint at 16 bits
 * @param int4 the same, quantised to 4 bits by {@code quantgate quantize --align}, where bundled
 * @param alignQuestions JSON Lines {@code {"question": TEXT}}: what to ask the model so that its
 *     answers calibrate a quantiser; none of them is a bundled item
 */
public record DemoPair(Path fp16, Optional<Path> int4, Path alignQuestions) {
  private static final FileTree.Bundled BUNDLED =
      new FileTree.Bundled("/dev/quantgate/benchmarks/demo");

  /** What sha256sum prints for the bundled files, so that a copy on disk can be trusted. */
  private static final String MANIFEST = "manifest.sha256";

  private static final Pattern LINE =
      Pattern.compile("([0-9a-f]{64})  ([a-z0-9_-]+(?:[./][a-z0-9_-]+)*)");

  /**
   * Lays the files out under a folder, which is kept between calls. A file that is there and has
   * the right sha256 is left alone; any other is written beside its place and moved into it, so
   * that whoever reads at the same time sees a whole file.
   *
   * @throws DataException if the folder cannot be written
   */
  public static DemoPair unpack(Path folder) {
    return unpack(BUNDLED, folder);
  }

  static DemoPair unpack(FileTree bundled, Path folder) {
    Map<String, String> manifest = manifest(bundled);
    manifest.forEach((name, sha256) -> place(bundled, name, sha256, folder.resolve(name)));
    boolean quantised = manifest.keySet().stream().anyMatch(name -> name.startsWith("int4/"));
    return new DemoPair(
        folder.resolve("fp16"),
        quantised ? Optional.of(folder.resolve("int4")) : Optional.empty(),
        folder.resolve("align-questions.jsonl"));
  }

  /** The bundled files and their sha256. */
  static Map<String, String> manifest(FileTree bundled) {
    var files = new LinkedHashMap<String, String>();
    new String(bundled.read(MANIFEST), StandardCharsets.UTF_8)
        .lines()
        .forEach(line -> {
          var parts = LINE.matcher(line);
          if (!parts.matches()) {
            throw new DataException(
                "%s: expected SHA256, two spaces and a file name, found %s"
                    .formatted(bundled.describe(MANIFEST), Text.shown(line)));
          }
          files.put(parts.group(2), parts.group(1));
        });
    return files;
  }

  private static void place(FileTree bundled, String name, String sha256, Path file) {
    try {
      if (Files.isRegularFile(file) && Text.sha256(Files.readAllBytes(file)).equals(sha256)) {
        return;
      }
      byte[] bytes = bundled.read(name);
      String found = Text.sha256(bytes);
      if (!found.equals(sha256)) {
        throw new DataException(
            "%s: expected sha256 %s, found %s; the program's own files are damaged, install it anew"
                .formatted(bundled.describe(name), sha256, found));
      }
      Files.createDirectories(file.getParent());
      Path part = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".part");
      try {
        Files.write(part, bytes);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (FileAlreadyExistsException e) {
      throw new DataException(
          "%s: expected a folder for the demo model, found a file; give another folder"
              .formatted(e.getFile()),
          e);
    } catch (IOException e) {
      throw new DataException(
          "%s: cannot lay out the demo model there (%s)".formatted(file, FileTree.reason(e)), e);
    }
  }
}
