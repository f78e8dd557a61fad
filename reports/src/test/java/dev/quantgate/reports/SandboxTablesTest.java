package dev.quantgate.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.RedTeam;
import dev.quantgate.sandbox.SandboxBenchmark;
import dev.quantgate.sandbox.SandboxCheck;
import dev.quantgate.sandbox.SandboxDescription;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SandboxTablesTest {
  private static final SandboxDescription STRONG =
      new SandboxDescription(
          "strong",
          true,
          new TreeMap<>(Map.of("checker", "split")),
          new TreeMap<>(Map.of("workers", "2")));

  @Test
  void aCheckListsEveryProgramMarksWrongLinesAndSaysWhatBecameOfThem() {
    List<RedTeam.Attack> attacks = RedTeam.attacks().subList(0, 3);
    var rows = new ArrayList<SandboxCheck.Row>();
    for (RedTeam.Attack attack : attacks) {
      boolean wrong = rows.size() == 1;
      Outcome got = wrong ? Outcome.FAILED : Outcome.PASSED;
      rows.add(
          new SandboxCheck.Row(
              attack,
              new ExecutionResult(attack.name(), got, wrong ? "AssertionError: 19" : ""),
              !wrong,
              new ExecutionResult("s", Outcome.PASSED, "")));
    }
    assertThat(SandboxTables.render(new SandboxCheck.Report(STRONG, rows)))
        .isEqualTo(
            """
               program                        category  got     ms
            ------------------------------------------------------
               recursion_through_a_cache      leniency  passed   0
            !  recursion_through_sum_and_map  leniency  failed   0
                expected: pass; AssertionError: 19; the sentinel behind it: passed
               recursion_through_a_key        leniency  passed   0
            sandbox strong: 3 programs, 1 wrong (1 failed, 2 passed)
            """);
  }

  @Test
  void noLineOfTheWholeRedTeamIsWiderThanATerminal() {
    List<SandboxCheck.Row> rows =
        RedTeam.attacks().stream()
            .map(attack ->
                new SandboxCheck.Row(
                    attack,
                    new ExecutionResult(attack.name(), Outcome.SANDBOX_ERROR, ""),
                    true,
                    new ExecutionResult("s", Outcome.PASSED, "")))
            .toList();
    assertThat(rows).hasSizeGreaterThan(150);
    assertThat(SandboxTables.render(new SandboxCheck.Report(STRONG, rows)).lines())
        .allSatisfy(line -> assertThat(TextTable.width(line)).as(line).isLessThanOrEqualTo(80));
  }

  @Test
  void aMeasurementHasALineForEachRound() {
    var report =
        new SandboxBenchmark.Report(
            STRONG,
            164,
            1.756,
            List.of(
                new SandboxBenchmark.Round(20.249, 164, 0, 8.099, 37.5),
                new SandboxBenchmark.Round(1.291, 163, 1, 127.03, 2.25)));
    assertThat(SandboxTables.render(report))
        .isEqualTo(
            """
            sandbox strong, split checker, 2 workers: ready (self-test passed) in 1.76 s

            round  programs  passed  faults  seconds  a second  CPU seconds
            ---------------------------------------------------------------
                1       164     164       0    20.25       8.1        37.50
                2       164     163       1     1.29       127         2.25
            """);
  }
}
