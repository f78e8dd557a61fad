package dev.quantgate.quantization.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quantgate.inference.BlockwiseModel.Matrix;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.quantization.ProgressListener;
import dev.quantgate.quantization.QuantizationRequest;
import dev.quantgate.quantization.Scheme;
import dev.quantgate.quantization.file.Json;
import dev.quantgate.quantization.job.Quantizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelDistanceTest {
  @TempDir Path folder;

  @Test
  void theModelItselfIsAtNoDistanceAndItsRoundedFormAtSome() throws IOException {
    Path model = TinyCheckpoint.write(folder.resolve("fp16"), 7, TinyCheckpoint.Format.F16);
    Path text = Files.writeString(folder.resolve("held.txt"), "the quick brown fox ".repeat(30));
    Quantizer.quantize(
        QuantizationRequest.rtn(model, folder.resolve("rtn"), new Scheme(4, 32, true)),
        ProgressListener.none());

    QualityTable table =
        ModelDistance.measure(
            model,
            List.of(model, folder.resolve("rtn")),
            text,
            64,
            5,
            Engines.AUTO,
            EngineOptions.defaults(),
            ProgressListener.none());

    assertThat(table.tokens()).isEqualTo(5 * 63);
    assertThat(table.windows().length()).isEqualTo(64);
    assertThat(table.windows().taken()).hasSize(5).startsWith(0).isSorted();
    assertThat(table.windows().available()).isGreaterThan(5);
    QualityTable.Model itself = table.models().get(1);
    assertThat(itself.divergence()).isEqualTo(new QualityTable.Divergence(0, 0, 0, 0, 0, 0));
    assertThat(itself.sameTop()).isEqualTo(1);
    assertThat(itself.perplexity()).isEqualTo(table.models().getFirst().perplexity());
    assertThat(itself.ratioLow()).isEqualTo(1);
    assertThat(itself.ratioHigh()).isEqualTo(1);
    assertThat(itself.worst()).isEmpty();
    QualityTable.Model rounded = table.models().get(2);
    QualityTable.Divergence kl = rounded.divergence();
    assertThat(kl.mean()).isBetween(1e-4, 1.0);
    assertThat(List.of(kl.median(), kl.p90(), kl.p99(), kl.p999(), kl.maximum())).isSorted();
    assertThat(rounded.sameTop()).isBetween(0.3, 0.999);
    assertThat(rounded.ratio())
        .isEqualTo(rounded.perplexity() / table.models().getFirst().perplexity(), within(1e-9))
        .isBetween(rounded.ratioLow(), rounded.ratioHigh());
    assertThat(rounded.ratioHigh()).isGreaterThan(rounded.ratioLow());
    assertThat(rounded.weightBytes()).isLessThan(itself.weightBytes());
    assertThat(rounded.worst()).hasSize(10);
    QualityTable.WorstToken worst = rounded.worst().getFirst();
    assertThat(worst.divergence()).isEqualTo(kl.maximum());
    assertThat(table.windows().taken()).contains(worst.window());
    assertThat(Files.readString(text)).contains(worst.context() + worst.token());
    assertThat(table.windows().taken()).hasSize(5);

    Path out = folder.resolve("quality.json");
    table.write(out);
    assertThat(Json.MAPPER.readValue(Files.readAllBytes(out), QualityTable.class)).isEqualTo(table);
  }

  @Test
  void thePairedErrorBarIsThatOfTheMeanOverWindows() {
    // Mean 2, variance 2/3 with n - 1 = 2 is 1, over 3 windows: sqrt(1 / 3).
    assertThat(ModelDistance.standardError(new double[] {1, 2, 3}))
        .isEqualTo(Math.sqrt(1.0 / 3), within(1e-15));
    assertThat(ModelDistance.standardError(new double[] {7})).isZero();
  }

  @Test
  void aPercentileIsTheSmallestValueThatSoManyReach() {
    double[] values = IntStream.rangeClosed(1, 1000).asDoubleStream().toArray();
    assertThat(QualityTable.Divergence.of(values))
        .isEqualTo(new QualityTable.Divergence(500.5, 500, 900, 990, 999, 1000));
  }

  @Test
  void theDivergenceIsThatOfItsDefinition() {
    Matrix p =
        new Matrix(
            1,
            3,
            new float[] {(float) Math.log(0.5), (float) Math.log(0.25), (float) Math.log(0.25)});
    Matrix q =
        new Matrix(
            1,
            3,
            new float[] {(float) Math.log(0.25), (float) Math.log(0.25), (float) Math.log(0.5)});

    // 0.5 ln 2 + 0 + 0.25 ln (1/2) = 0.25 ln 2
    assertThat(ModelDistance.divergence(p, q, 0)).isCloseTo(0.25 * Math.log(2), within(1e-7));
  }
}
