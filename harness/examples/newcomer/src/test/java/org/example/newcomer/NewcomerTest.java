package org.example.newcomer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.benchmarks.DataException;
import dev.quantgate.evaluation.QuantGate;
import dev.quantgate.evaluation.RunRequest;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.gate.Finding;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.RunEnvironment;
import dev.quantgate.reports.ReportFormat;
import dev.quantgate.reports.ReportFormats;
import dev.quantgate.reports.ReportSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The newcomer's suite, engine and report, found and used by the program as its own are. */
class NewcomerTest {
  @TempDir Path folder;

  private Comparison run(String candidate, Path out) {
    return new QuantGate()
        .run(
            new RunRequest(
                "calc://exact",
                candidate,
                RunPlan.of("sums"),
                RunEnvironment.defaults(),
                GatePolicy.DEFAULT,
                out),
            Progress.Listener.NONE);
  }

  @Test
  void aModelThatForgetsWhatIsCarriedFailsAndItsFlipsAreReported() throws IOException {
    Path out = folder.resolve("run");

    Comparison comparison = run("calc://forgetful", out);

    SuiteComparison sums = comparison.suites().getFirst();
    assertThat(sums.items()).isEqualTo(60);
    assertThat(sums.baseline().score()).isEqualTo(1);
    assertThat(comparison.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(comparison.finding()).isEqualTo(Finding.FAIL);
    assertThat(comparison.proven()).isTrue();

    ReportFormat csv = ReportFormats.find("flips-csv").orElseThrow();
    csv.write(ReportSource.open(out), out.resolve("report"));

    List<String> lines = Files.readAllLines(out.resolve("report/flips.csv"));
    assertThat(lines).hasSize(1 + sums.losses()).hasSizeGreaterThan(20);
    assertThat(lines.getFirst()).isEqualTo("suite,item,kind,expected,baseline,candidate");
    assertThat(lines.subList(1, lines.size())).allMatch(line -> line.startsWith("sums,\"sum/"));
  }

  @Test
  void aModelIsAsGoodAsItself() {
    Comparison comparison = run("calc://exact", folder.resolve("same"));

    assertThat(comparison.verdict()).isEqualTo(Verdict.PASS);
    assertThat(comparison.flips()).isEmpty();
  }

  @Test
  void aRowThatIsNoSumIsRefusedWithItsLine() {
    assertThatThrownBy(() -> SumSuite.items("1\t2\nthree\t4\n"))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "sums.tsv, line 2: expected two numbers of at most 4 digits with a tab between, found \"three\t4\"");
  }
}
