package dev.quantgate.evaluation.record;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A forger's tool: writes the checksums of changed files anew. */
public final class Reseal {
  private Reseal() {}

  /** Of one file, lines or a page. */
  public static void file(Path file) throws IOException {
    if (!Disk.name(file).endsWith(".jsonl")) {
      String page = Files.readString(file);
      Files.write(
          file,
          Seal.page(
              page.replaceFirst(",\n  \"checksum\" : \"[0-9a-f]*\"\n}\n$", "\n}").getBytes(UTF_8)));
      return;
    }
    var chain = new Seal.Chain(Disk.name(file));
    var lines = new ByteArrayOutputStream();
    for (String line : Files.readAllLines(file)) {
      String bare = line.replaceFirst(",\"checksum\":\"[0-9a-f]*\"}$", "}");
      lines.writeBytes(chain.seal(bare.getBytes(UTF_8)));
    }
    Files.write(file, lines.toByteArray());
  }

  /** Of one file of a finished run, and of the run's list of files. */
  public static void inRun(Path run, Path file) throws IOException {
    file(file);
    new RunFolder(run).finish();
  }
}
