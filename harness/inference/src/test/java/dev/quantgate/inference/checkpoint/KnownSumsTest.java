package dev.quantgate.inference.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.base.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file whose sum is known is not read again, and one that was changed always is. */
class KnownSumsTest {
  @TempDir Path folder;

  private KnownSums sums() {
    return new KnownSums(
        folder.resolve("sums"), Clock.offset(Clock.systemUTC(), Duration.ofMinutes(1)));
  }

  private String sum(Path file) {
    return HexFormat.of().formatHex(sums().sum(file));
  }

  /** Writes another sum into what is kept: whoever gets it has not read the file. */
  private void spoil() throws IOException {
    try (var kept = Files.list(folder.resolve("sums"))) {
      Path place = kept.findFirst().orElseThrow();
      String line = Files.readString(place).strip();
      Files.writeString(place, line.substring(0, line.length() - 64) + "0".repeat(64));
    }
  }

  private Path file(String content) throws IOException {
    return Files.writeString(folder.resolve("model.safetensors"), content);
  }

  @Test
  void aFileThatDidNotChangeIsReadOnce() throws IOException {
    Path file = file("weights");

    assertThat(sum(file)).isEqualTo(Sha256.hex("weights"));
    spoil();
    assertThat(sum(file)).isEqualTo("0".repeat(64));
  }

  @Test
  void aFileThatWasChangedAMomentAgoIsReadAgain() throws IOException {
    Path file = file("weights");
    sum(file);
    spoil();

    var now = new KnownSums(folder.resolve("sums"), Clock.systemUTC());

    assertThat(HexFormat.of().formatHex(now.sum(file))).isEqualTo(Sha256.hex("weights"));
  }

  /** The time of the inode's change shows it, which nobody can set back. */
  @Test
  void aChangeOfTheSameLengthUnderTheSameTimeIsSeen() throws IOException {
    Path file = file("weights");
    FileTime time = FileTime.from(Instant.parse("2020-01-01T00:00:00Z"));
    Files.setLastModifiedTime(file, time);
    assertThat(sum(file)).isEqualTo(Sha256.hex("weights"));

    Files.write(file, "WEIGHTS".getBytes(StandardCharsets.UTF_8));
    Files.setLastModifiedTime(file, time);

    assertThat(sum(file)).isEqualTo(Sha256.hex("WEIGHTS"));
  }

  @Test
  void aForgottenFileIsReadAgain() throws IOException {
    Path file = file("weights");
    sum(file);
    spoil();
    sums().forget(file);

    assertThat(sum(file)).isEqualTo(Sha256.hex("weights"));
  }
}
