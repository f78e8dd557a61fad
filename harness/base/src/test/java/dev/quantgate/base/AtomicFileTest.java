package dev.quantgate.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
  @TempDir Path folder;

  @Test
  void aFileIsReplacedWhole() throws IOException {
    Path file = folder.resolve("new/page.json");

    AtomicFile.write(file, "one".getBytes(StandardCharsets.UTF_8));
    AtomicFile.write(file, "two".getBytes(StandardCharsets.UTF_8));

    assertThat(file).hasContent("two");
    assertThat(Files.list(file.getParent())).containsExactly(file);
  }

  @Test
  void aWriterThatFailsLeavesTheOldContentAndNoPart() {
    Path file = folder.resolve("page.json");
    AtomicFile.write(file, "one".getBytes(StandardCharsets.UTF_8));

    assertThatThrownBy(() ->
            AtomicFile.write(
                file,
                out -> {
                  out.write(1);
                  throw new IOException("disk full");
                }))
        .isInstanceOf(FileException.class)
        .hasMessage(file + " cannot be written: disk full");

    assertThat(file).hasContent("one");
    assertThat(folder.toFile().list()).containsExactly("page.json");
  }

  @Test
  void nothingIsWrittenThroughALink() throws IOException {
    Path target = Files.writeString(folder.resolve("target"), "kept");
    Path file = folder.resolve("page.json");
    Files.createSymbolicLink(folder.resolve(".page.json.part"), target);

    AtomicFile.write(file, "new".getBytes(StandardCharsets.UTF_8));
    assertThat(target).hasContent("kept");
    assertThat(file).hasContent("new");

    Path link = Files.createSymbolicLink(folder.resolve("link.json"), target);
    assertThatThrownBy(() -> AtomicFile.write(link, new byte[0]))
        .isInstanceOf(FileException.class)
        .hasMessageContaining("symbolic link");
    assertThat(target).hasContent("kept");
  }
}
