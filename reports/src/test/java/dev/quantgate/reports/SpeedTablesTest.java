package dev.quantgate.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.inference.ShapeReport;
import dev.quantgate.inference.ShapeReport.Column;
import dev.quantgate.inference.ShapeReport.Decode;
import dev.quantgate.inference.ShapeReport.Peer;
import dev.quantgate.inference.ShapeReport.Prefill;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class SpeedTablesTest {
  private static Column column(String weights, double slower) {
    return new Column(
        weights,
        19_000_000_000L,
        70_000_000_000L,
        Optional.empty(),
        List.of(
            new Prefill(2048, 6000 / slower, 400e12 / slower),
            new Prefill(1024, 5000 / slower, 350e12 / slower)),
        Optional.of(new Prefill(96, 5500 / slower, 380e12 / slower)),
        List.of(new Decode(1, 2048, 1024, 120 / slower, 2.2e12)),
        List.of(
            new Decode(64, 1056, 64, 2400 / slower, 1.5e12),
            new Decode(256, 1056, 64, 3600 / slower, 1.2e12)));
  }

  private static ShapeReport report(Column... columns) {
    return new ShapeReport(
        "codellama-34b",
        "a device",
        3e12,
        557e12,
        new Peer("cuBLASLt 13.4", OptionalDouble.of(600e12)),
        List.of(columns));
  }

  @Test
  void aShapesRatesStandAboveWhatThePairTakesForTheBenchmarks() {
    assertThat(SpeedTables.render(report(column("int4, groups of 64", 1), column("fp16", 2))))
        .isEqualTo(
            """
            codellama-34b on a device; weights made up there
            measured in this run: read stream 3,000 GB/s, largest matrix product 557 TFLOP/s
            to compare with: the same product by cuBLASLt 13.4, 600 TFLOP/s
            rates are tokens a second; a/b: over b tokens behind a prompt of a; at c: behind c tokens;
            texts: many in one step, each of their positions read

                           int4 g64       of the device      fp16       of the device  ratio
            --------------------------------------------------------------------------------
            weights        19.00 GB                      19.00 GB
            memory in all  70.00 GB                      70.00 GB
            prefill of        6,000  400 TFLOP/s 71.8 %     3,000  200 TFLOP/s 35.9 %   2.00
            2,048
            prefill of        5,000  350 TFLOP/s 62.8 %     2,500  175 TFLOP/s 31.4 %   2.00
            1,024
            texts of 96       5,500  380 TFLOP/s 68.2 %     2,750  190 TFLOP/s 34.1 %   2.00
            2,048/1,024         120   2,200 GB/s 73.3 %      60.0   2,200 GB/s 73.3 %   2.00
            batch 64 at       2,400   1,500 GB/s 50.0 %     1,200   1,500 GB/s 50.0 %   2.00
            1,056
            batch 256 at      3,600   1,200 GB/s 40.0 %     1,800   1,200 GB/s 40.0 %   2.00
            1,056

            HumanEval, C-Eval and CMNLI with both models, by the rates above: 13 min 34 s
            tokens as Llama 2 counts them; reading weights and running programs come on top

                                    prompts  answers    int4 g64        fp16
            ----------------------------------------------------------------
            humaneval/base           24,636   10,804      17.1 s      34.3 s
            ceval/official-5shot    252,512        -      42.1 s  1 min 24 s
            cmnli/ppl-fdc6de      1,167,044        -  3 min 32 s  7 min 04 s
            sum                                       4 min 31 s  9 min 02 s
            """);
  }

  @Test
  void aFormatThatDoesNotFitLeavesTheBenchmarksTimesOut() {
    var refused =
        new Column(
            "fp16",
            67_000_000_000L,
            0,
            Optional.of("needs 70.1 GB, 40.2 are free"),
            List.of(),
            Optional.empty(),
            List.of(),
            List.of());
    assertThat(SpeedTables.render(report(column("int4, groups of 64", 1), refused)))
        .contains("fp16 was not measured: it needs 70.1 GB, 40.2 are free")
        .doesNotContain("benchmarks");
  }
}
