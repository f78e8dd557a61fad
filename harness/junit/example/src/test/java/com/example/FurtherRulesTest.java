package com.example;

import static dev.quantgate.junit.LossUnit.ITEMS;
import static dev.quantgate.junit.QuantGateAssertions.assertThat;

import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.junit.AccuracyTests;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What this team asks beyond the gate. */
@Tag("accuracy")
class FurtherRulesTest {
  @Test
  void fewAnswersToTheExamGetWorse() {
    Comparison comparison = AccuracyTests.of("replay:answers/fp16", "", "starter-exam").run();

    assertThat(comparison).suite("starter-exam").losesAtMost(3, ITEMS).keeps("world_geography/0");
  }
}
