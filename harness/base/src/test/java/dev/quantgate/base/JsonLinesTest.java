package dev.quantgate.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonLinesTest {
  private static final String TWO = "{\"a\":1}\n\n \t\r\n{\"a\":2}";

  @TempDir Path folder;

  @Test
  void objectsComeWithTheirLinesPlainOrCompressed() throws IOException {
    Path plain = Files.writeString(folder.resolve("a.jsonl"), TWO);
    Path packed = folder.resolve("a.jsonl.gz");
    try (var out = new GZIPOutputStream(Files.newOutputStream(packed))) {
      out.write(TWO.getBytes(StandardCharsets.UTF_8));
    }

    for (Path file : List.of(plain, packed)) {
      List<String> seen = new ArrayList<>();
      JsonLines.objects(file, (line, object) -> seen.add(line + ":" + object.get("a").asInt()));
      assertThat(seen).containsExactly("1:1", "4:2");
    }
  }

  @Test
  void aLineThatIsNoObjectIsNamed() throws IOException {
    Path list = Files.writeString(folder.resolve("b.jsonl"), "{}\n[1]\n");
    assertThatThrownBy(() -> JsonLines.objects(list, (line, object) -> {}))
        .hasMessage(list + ", line 2: expected a JSON object, found a list");

    Path twice = Files.writeString(folder.resolve("c.jsonl"), "{\"a\":1,\"a\":2}\n");
    assertThatThrownBy(() -> JsonLines.objects(twice, (line, object) -> {}))
        .isInstanceOf(FileException.class)
        .hasMessageStartingWith(twice + ", line 1: expected a JSON object, found other text");
  }

  @Test
  void onlyRegularFilesAreOpened() {
    assertThatThrownBy(() -> JsonLines.lines(Path.of("/dev/zero"), (line, bytes) -> {}))
        .hasMessage("/dev/zero: expected a file, found a pipe, device or socket");
    assertThatThrownBy(() -> JsonLines.lines(folder, (line, bytes) -> {}))
        .hasMessage(folder + ": expected a file, found a folder");
    assertThatThrownBy(() -> RegularFile.read(folder.resolve("no"), 1))
        .hasMessageEndingWith("expected a file, found nothing");
  }
}
