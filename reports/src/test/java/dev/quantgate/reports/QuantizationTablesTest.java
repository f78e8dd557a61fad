package dev.quantgate.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.quantization.ActOrder;
import dev.quantgate.quantization.ClipSearch;
import dev.quantgate.quantization.QuantizationMethod;
import dev.quantgate.quantization.QuantizationReport;
import dev.quantgate.quantization.QuantizationReport.Layer;
import dev.quantgate.quantization.quality.QualityTable;
import dev.quantgate.quantization.quality.QualityTable.Divergence;
import dev.quantgate.quantization.quality.QualityTable.Windows;
import dev.quantgate.quantization.quality.QualityTable.WorstToken;
import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class QuantizationTablesTest {

  private static QuantizationReport report(List<Layer> layers) {
    return new QuantizationReport(
        "quantgate 0",
        new QuantizationReport.Source("fp16", "", ""),
        new QuantizationReport.Settings(
            QuantizationMethod.GPTQ,
            4,
            128,
            true,
            ActOrder.values()[0],
            ClipSearch.values()[0],
            0.01,
            "gptq"),
        128,
        262_144,
        "",
        13_476_800_000L,
        3_890_000_000L,
        layers,
        Duration.ofMillis(1_265_300));
  }

  @Test
  void aQuantisedModelsLayersFitATerminal() {
    String text =
        QuantizationTables.render(
            report(
                List.of(
                    new Layer(
                        "model.layers.31.self_attn.q_proj",
                        4096,
                        4096,
                        QuantizationMethod.GPTQ,
                        OptionalDouble.of(0.00012346),
                        OptionalDouble.of(0.000045),
                        0.01,
                        OptionalDouble.of(0.01),
                        0,
                        "",
                        Duration.ofMillis(12_340)),
                    new Layer(
                        "model.layers.31.mlp.down_proj",
                        4096,
                        11008,
                        QuantizationMethod.RTN,
                        OptionalDouble.of(12.5),
                        OptionalDouble.empty(),
                        0.01,
                        OptionalDouble.empty(),
                        3,
                        "not factored: the Hessian of 3 inputs that were 0 in all calibration tokens is singular",
                        Duration.ofMillis(980)))));
    assertThat(text)
        .isEqualTo(
            """
            model.layers.*            shape  kept   loss rtn  loss gptq  ratio  damp    time
            --------------------------------------------------------------------------------
            31.self_attn.q_proj   4096x4096  gptq  0.0001235  4.500e-05  0.364  0.01  12.3 s
            31.mlp.down_proj     4096x11008  rtn       12.50          -      -     -   1.0 s
                not factored: the Hessian of 3 inputs that were 0 in all calibration tokens
                is singular
            int4 g128 sym: 13.48 GB -> 3.89 GB (28.9 %) in 21 min 05 s
            """);
  }

  @Test
  void aLayerElsewhereIsNamedInWhole() {
    String text =
        QuantizationTables.render(
            report(
                List.of(
                    new Layer(
                        "transformer.h.0.mlp",
                        8,
                        8,
                        QuantizationMethod.RTN,
                        OptionalDouble.empty(),
                        OptionalDouble.empty(),
                        0,
                        OptionalDouble.empty(),
                        0,
                        "",
                        Duration.ZERO))));
    assertThat(text.lines().toList().getFirst()).startsWith("layer  ");
    assertThat(text).contains("transformer.h.0.mlp");
  }

  @Test
  void modelsBesideTheirBaselineAreTwoTablesAndTheWorstTokens() {
    var none = new Divergence(0, 0, 0, 0, 0, 0);
    var table =
        new QualityTable(
            1,
            "held-out.txt",
            "",
            new Windows(512, 90, List.of(0, 10, 20, 30, 40, 50, 60, 70, 80)),
            4599,
            List.of(
                new QualityTable.Model("fp16", 12.3456, 1, 1, 1, none, 1, 269_000_000, List.of()),
                new QualityTable.Model(
                    "int4",
                    12.9,
                    1.0449,
                    1.031,
                    1.059,
                    new Divergence(0.0412, 0.021, 0.1, 0.333, 1.25, 3.5),
                    0.8812,
                    98_000_000,
                    List.of(
                        new WorstToken(
                            20,
                            17,
                            3.5,
                            "the end of\nthe",
                            " 矛盾",
                            " day",
                            "\u001b[2J",
                            -1.5,
                            -9.25)))));
    assertThat(QuantizationTables.render(table))
        .isEqualTo(
            """
            9 of the 90 windows of 512 tokens in held-out.txt, at even distances: 0, 10, 20,
              ... 80

            model  perplexity   ratio  95 % interval     same top     MB
            ------------------------------------------------------------
            fp16       12.346  1.0000  1.0000 to 1.0000   100.0 %  269.0
            int4       12.900  1.0449  1.0310 to 1.0590    88.1 %   98.0

            KL to the baseline    mean  median    90 %   99 %  99.9 %    max
            ----------------------------------------------------------------
            fp16                0.0000  0.0000  0.0000  0.000   0.000  0.000
            int4                0.0412  0.0210  0.1000  0.333   1.250  3.500

            worst tokens of int4:
              KL 3.500 in window 20: "the end of\\nthe" -> " 矛盾" (ln p -9.25, baseline
                -1.50); it says "\\x1b[2J", the baseline " day"
            """);
  }
}
