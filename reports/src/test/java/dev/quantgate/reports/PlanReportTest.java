package dev.quantgate.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.gate.statistics.Power;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PlanReportTest {
  @Test
  void a_plan_says_what_a_proof_takes_and_what_a_suite_can_show() {
    String plan = PlanReport.render(Map.of("humaneval", 164), 0.02, 0.01, Power.USUAL);

    assertThat(plan)
        .startsWith(
            "1,237 items prove a loss below 1.00 points where 2.0 % of the items flip, 268 where"
                + " none does.\n")
        .containsPattern("humaneval +164 +2.75 +0.00 +12.\\d % +0.\\d % +80.\\d %")
        .containsPattern(" 3.00 +- +- +-");
  }
}
