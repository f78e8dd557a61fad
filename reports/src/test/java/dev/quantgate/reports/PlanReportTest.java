package dev.quantgate.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.gate.Margin;
import dev.quantgate.evaluation.gate.Prospect;
import dev.quantgate.evaluation.gate.statistics.Power;
import java.util.Collections;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PlanReportTest {
  @Test
  void a_plan_says_what_a_proof_takes_and_what_a_suite_can_show() {
    String plan = PlanReport.render(Map.of("humaneval", 164), 0.02, 0.01, Power.USUAL);

    assertThat(plan)
        .startsWith(
            "1,237 items prove a loss below 1.00 points where 2.0 % of the items flip, 268\n"
                + "where none does.\n")
        .containsPattern("humaneval +164 +2.75 +0.00 +12.\\d % +0.\\d % +80.\\d %")
        .containsPattern(" 3.00 +- +- +-");
  }

  @Test
  void what_a_suite_can_prove_is_said_in_one_line() {
    Margin margin = Margin.ofPoints(1);

    assertThat(
            PlanReport.render(
                Prospect.of("humaneval", true, 1, Collections.nCopies(164, 1), margin, false)))
        .isEqualTo(
            "humaneval: 164 problems cannot prove a loss below 1.00 points: with no flip at all it takes 268, and no number of samples of these can; a loss of 4.34 points shows at 5.0 % flips");
    assertThat(
            PlanReport.render(
                Prospect.of("mbpp", true, 1, Collections.nCopies(974, 1), margin, true)))
        .isEqualTo(
            "mbpp: 974 problems prove a loss below 1.00 points while at most 1.6 % flip (at 5.0 % it takes 3,092, or 4 samples of each); a loss of 1.78 points shows at 5.0 % flips; PASS can stop it after 512 items at the earliest");
    assertThat(
            PlanReport.render(
                Prospect.of("ceval", false, 1, Collections.nCopies(52, 26), margin, true)))
        .endsWith("PASS cannot stop it early: its items are too few, or its clusters too large");
  }
}
