package dev.quantgate.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelReferenceTest {
  @Test
  void aReferenceIsAFolderARecordingOrAnAddress() {
    assertThat(ModelReference.parse("models/a b"))
        .isEqualTo(new ModelReference.Folder(Path.of("models/a b")));
    assertThat(ModelReference.parse("replay:runs/x.jsonl"))
        .isEqualTo(new ModelReference.Replay(Path.of("runs/x.jsonl")));
    assertThat(ModelReference.parse("http://localhost:8000/v1"))
        .isEqualTo(new ModelReference.Address(URI.create("http://localhost:8000/v1")));
    assertThat(ModelReference.parse("C:\\models")).isInstanceOf(ModelReference.Folder.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"models/a", "replay:a.jsonl", "https://models.example/v1?x=1"})
  void itIsWrittenAsItWasTyped(String text) {
    assertThat(ModelReference.parse(text)).hasToString(text);
  }

  @Test
  void whatIsNeitherAPathNorAnAddressIsRefusedWithTheReason() {
    assertThatThrownBy(() -> ModelReference.parse("a\0b"))
        .isInstanceOf(InferenceException.class)
        .hasMessage("\"a\\x00b\" is no path: Nul character not allowed");
    assertThatThrownBy(() -> ModelReference.parse("http://a b"))
        .isInstanceOf(InferenceException.class)
        .hasMessageStartingWith("\"http://a b\" is no address: ");
  }

  @Test
  void aKeyIsNeverPrinted() {
    var connection =
        new EngineOptions.Connection(
            Duration.ofSeconds(5), 2, Optional.of(new Secret("sk-very-secret")));
    EngineOptions options = EngineOptions.defaults().withConnection(connection);
    assertThat(options.toString()).contains("***").doesNotContain("very-secret");
    assertThat(options.connection().key().orElseThrow().reveal()).isEqualTo("sk-very-secret");
  }
}
