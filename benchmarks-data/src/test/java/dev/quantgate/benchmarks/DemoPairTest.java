package dev.quantgate.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class DemoPairTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @TempDir Path folder;

  @Test
  void theModelIsLaidOutAsACheckpointFolder() {
    DemoPair pair = DemoPair.unpack(folder);
    for (String name :
        List.of(
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "tokenizer.json",
            "tokenizer_config.json")) {
      assertThat(pair.fp16().resolve(name)).isRegularFile();
    }
    JsonNode config = JSON.readTree(pair.fp16().resolve("config.json").toFile());
    assertThat(config.get("model_type").asString()).isEqualTo("llama");
    assertThat(config.get("hidden_size").asInt() % 128).isZero();
    assertThat(config.get("intermediate_size").asInt() % 128).isZero();
  }

  @Test
  void theModelIsSmall() throws IOException {
    DemoPair pair = DemoPair.unpack(folder);
    try (Stream<Path> files = Files.walk(pair.fp16())) {
      long bytes = files.filter(Files::isRegularFile).mapToLong(f -> f.toFile().length()).sum();
      assertThat(bytes).isBetween(4_000_000L, 20_000_000L);
    }
  }

  @Test
  void nothingButWhatTheManifestNamesIsLaidOut() throws IOException {
    DemoPair.unpack(folder);
    var named = DemoPair.manifest(new FileTree.Bundled("/dev/quantgate/benchmarks/demo")).keySet();
    try (Stream<Path> files = Files.walk(folder)) {
      assertThat(files.filter(Files::isRegularFile).map(f -> folder.relativize(f).toString()))
          .hasSizeGreaterThanOrEqualTo(6)
          .containsExactlyInAnyOrderElementsOf(named);
    }
  }

  @Test
  void filesThatAreWholeAreLeftAloneAndDamagedOnesAreReplaced() throws IOException {
    Path config = DemoPair.unpack(folder).fp16().resolve("config.json");
    Path weights = config.resolveSibling("model.safetensors");
    byte[] whole = Files.readAllBytes(config);
    Object keyOfWeights = Files.getLastModifiedTime(weights);
    Files.writeString(config, "{");
    Files.deleteIfExists(config.resolveSibling("tokenizer.json"));

    DemoPair.unpack(folder);

    assertThat(Files.readAllBytes(config)).isEqualTo(whole);
    assertThat(config.resolveSibling("tokenizer.json")).isRegularFile();
    assertThat((Object) Files.getLastModifiedTime(weights)).isEqualTo(keyOfWeights);
  }

  @Test
  void aBundledFileThatIsNotWhatTheManifestSaysIsRefused() throws IOException {
    Path source = Files.createDirectories(folder.resolve("source"));
    Files.writeString(source.resolve("config.json"), "{}");
    Files.writeString(source.resolve("manifest.sha256"), "0".repeat(64) + "  config.json\n");
    try (FileTree tree = FileTree.open(source)) {
      assertThatThrownBy(() -> DemoPair.unpack(tree, folder.resolve("out")))
          .isInstanceOf(DataException.class)
          .hasMessageContainingAll("config.json", "expected sha256 000", "install it anew");
    }
    assertThat(folder.resolve("out/config.json")).doesNotExist();
  }

  @Test
  void aManifestThatLeavesItsFolderIsRefused() throws IOException {
    for (String name : List.of("../x", "/etc/x", "a/../../x", "a b")) {
      Files.writeString(folder.resolve("manifest.sha256"), "0".repeat(64) + "  " + name + "\n");
      try (FileTree tree = FileTree.open(folder)) {
        assertThatThrownBy(() -> DemoPair.unpack(tree, folder.resolve("out")))
            .as(name)
            .isInstanceOf(DataException.class)
            .hasMessageContaining("manifest.sha256");
      }
    }
  }

  @Test
  void aFileInTheFoldersPlaceIsAnsweredWithItsName() throws IOException {
    Path file = Files.writeString(folder.resolve("taken"), "");
    assertThatThrownBy(() -> DemoPair.unpack(file))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void questionsForAlignmentAreManyAndDiffer() throws IOException {
    var questions =
        Files.readAllLines(DemoPair.unpack(folder).alignQuestions()).stream()
            .map(line -> JSON.readTree(line).get("question").asString())
            .toList();
    assertThat(questions)
        .hasSizeGreaterThanOrEqualTo(100)
        .doesNotHaveDuplicates()
        .noneMatch(String::isBlank);
  }
}
