package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.comparison.ComparisonFolder;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import dev.quantgate.evaluation.gate.Margin;
import dev.quantgate.evaluation.gate.MarginKind;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.Lock;
import dev.quantgate.evaluation.run.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A comparison never takes the place of what somebody else wrote. */
class CompareFolderTest {
  private static final GatePolicy WIDE =
      new GatePolicy(
          new Margin(50, MarginKind.ABSOLUTE, Optional.of("a test of folders")),
          Map.of(),
          OnInconclusive.POINT);

  @TempDir Path folder;
  private TwoModels models;
  private Path gated;
  private QuantGate quantGate;

  @BeforeEach
  void runOnce() {
    models = TwoModels.in(folder);
    gated = folder.resolve("gated");
    quantGate =
        new Fixtures()
            .pairs("cmnli", 60)
            .model(models.fp16())
            .model(models.int4(), "1")
            .quantGate();
    run(gated);
  }

  private void run(Path out) {
    quantGate.run(models.request(RunPlan.of("cmnli"), out), Progress.Listener.NONE);
  }

  private void compare(GatePolicy policy, Path out) {
    quantGate.compare(new CompareRequest(gated, gated, policy, out));
  }

  @Test
  void theFolderOfARunIsRefusedAndItsComparisonStays() throws IOException {
    byte[] before = Files.readAllBytes(gated.resolve("comparison.json"));
    assertThatThrownBy(() -> compare(WIDE, gated))
        .isInstanceOf(EvaluationException.class)
        .hasMessage(gated + " holds a run, which would be written over\nGive another --out");
    assertThat(gated.resolve("comparison.json")).hasBinaryContent(before);
  }

  @Test
  void anotherComparisonIsRefusedAndTheSameOneIsNot() throws IOException {
    Path out = folder.resolve("compared");
    compare(WIDE, out);
    byte[] before = Files.readAllBytes(out.resolve("comparison.json"));
    compare(WIDE, out);
    assertThatThrownBy(() -> compare(GatePolicy.DEFAULT, out))
        .isInstanceOf(EvaluationException.class)
        .hasMessageStartingWith(out + " holds another comparison, which would be written over");
    assertThat(out.resolve("comparison.json")).hasBinaryContent(before);
  }

  @Test
  void aRunIsNotBegunInTheFolderOfAComparison() {
    Path out = folder.resolve("compared");
    compare(WIDE, out);
    assertThatThrownBy(() -> run(out))
        .isInstanceOf(EvaluationException.class)
        .hasMessageStartingWith(out + " holds a comparison of other runs");
    assertThat(ComparisonFolder.read(out).comparison().policy().margin()).isEqualTo(50);
    assertThat(out.resolve("baseline")).doesNotExist();
  }

  @Test
  void aFolderInWhichSomebodyWorksIsRefused() {
    Path out = folder.resolve("busy");
    try (Lock _ = Lock.take(out)) {
      assertThatThrownBy(() -> compare(WIDE, out))
          .isInstanceOf(EvaluationException.class)
          .hasMessageStartingWith(out + ": another run works in this folder");
    }
    compare(WIDE, out);
    assertThat(out.resolve("comparison.json")).exists();
  }
}
