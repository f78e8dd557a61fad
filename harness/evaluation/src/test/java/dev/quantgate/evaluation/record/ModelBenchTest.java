package dev.quantgate.evaluation.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.quantgate.base.Sha256;
import dev.quantgate.evaluation.record.ModelBench.Measured;
import dev.quantgate.evaluation.record.ModelBench.Passage;
import dev.quantgate.inference.ModelIdentity;
import dev.quantgate.inference.SpeedReport;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelBenchTest {
  private static final String WEIGHTS = Sha256.hex("weights");
  private static final String CONFIG = Sha256.hex("config");

  @TempDir Path folder;

  private static ModelBench bench() {
    var report =
        new SpeedReport(
            2,
            "int4 g64 sym",
            3_400_000,
            3_500_000,
            1_000_000,
            Duration.ofMillis(1500),
            2e10,
            new SpeedReport.Prefill(2048, 1_000, 1e9),
            List.of(new SpeedReport.Decode(1, 2560, 50.5, 1, 0.5, 1e9)));
    var identity =
        new ModelIdentity(
            "cpu/1 256-bit",
            Optional.empty(),
            Optional.of(WEIGHTS),
            Optional.of(CONFIG),
            Optional.empty(),
            Optional.empty());
    return ModelBench.of("models/int4", identity, List.of(new Measured(report, 1024)));
  }

  private static Schema schema() throws IOException {
    try (InputStream in =
        dev.quantgate.evaluation.QuantGate.class.getResourceAsStream("schemas/bench.schema.json")) {
      return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(
              new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8),
              InputFormat.JSON);
    }
  }

  @Test
  void aMeasurementIsWrittenInItsPublishedFormAndReadAgain() throws IOException {
    Path file = folder.resolve("bench-int4.json");
    bench().write(file);

    assertThat(ModelBench.read(file)).isEqualTo(bench());
    assertThat(bench().passages()).containsExactly(new Passage(2048, 1024, 1_000_000, 1_000, 50.5));
    String json = Files.readString(file);
    assertThat(schema().validate(json, InputFormat.JSON)).isEmpty();
    for (String wrong : List.of("\"threads\" : 0", "\"threads\" : \"2\"", "\"thread\" : 2")) {
      assertThat(schema().validate(json.replace("\"threads\" : 2", wrong), InputFormat.JSON))
          .as(wrong)
          .isNotEmpty();
    }
  }

  @Test
  void aModelIsKnownByWeightsAndConfigurationWhateverEngineRanIt() {
    var model = new TreeMap<>(Map.of("weightsSha256", WEIGHTS, "configSha256", CONFIG));
    model.put("engine", "cuda/3");
    assertThat(bench().isOf(model)).isTrue();
    model.put("configSha256", WEIGHTS);
    assertThat(bench().isOf(model)).isFalse();
    assertThat(bench().isOf(new TreeMap<>())).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e999", "-1", "0"})
  void aFigureThatCannotBeIsRefused(String figure) {
    String json =
        "{\"promptTokens\":1,\"newTokens\":1,\"cacheBytes\":0,\"promptTokensPerSecond\":1,\"newTokensPerSecond\":%s}"
            .formatted(figure);
    assertThatThrownBy(() -> Json.lines().readValue(json, Passage.class))
        .hasMessageContaining("newTokensPerSecond cannot be");
  }
}
