package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.record.ModelBench;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.ModelReference;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.inference.fixture.TinyCheckpoint.Format;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class BenchCommandTest {
  @TempDir Path folder = Path.of("");

  @Test
  void whatIsMeasuredOfAModelIsWrittenWithTheModelsContent() throws Exception {
    Path model = folder.resolve("model");
    TinyCheckpoint.write(model, 1, Format.F16);
    Path file = folder.resolve("bench-model.json");
    var out = new StringWriter();
    CommandLine command = Program.commandLine().setOut(new PrintWriter(out, true));

    int exitCode =
        Program.execute(
            command,
            "bench",
            "--quiet",
            "--engine",
            "cpu",
            "--threads",
            "1",
            "--model",
            model.toString(),
            "--prompt",
            "12",
            "--generate",
            "4",
            "--rounds",
            "1",
            "--out",
            file.toString());

    assertThat(exitCode).isZero();
    assertThat(out.toString()).contains("prefill", "decode, batch 1").endsWith(file + "\n");
    ModelBench bench = ModelBench.read(file);
    var reference = new ModelReference.Folder(model);
    var identity = Engines.find("cpu").identify(reference).orElseThrow();
    assertThat(bench.reference()).isEqualTo(model.toString());
    assertThat(bench.threads()).isEqualTo(1);
    assertThat(bench.identity())
        .containsEntry("weightsSha256", identity.weightsSha256().orElseThrow())
        .containsEntry("weightFormat", "F16");
    assertThat(bench.isOf(new TreeMap<>(bench.identity()))).isTrue();
    assertThat(bench.passages())
        .singleElement()
        .satisfies(passage -> {
          assertThat(passage.promptTokens()).isEqualTo(12);
          assertThat(passage.newTokens()).isEqualTo(4);
          assertThat(passage.cacheBytes()).isPositive();
        });
  }
}
