package dev.quantgate.junit;

import static dev.quantgate.junit.LossUnit.ITEMS;
import static dev.quantgate.junit.LossUnit.POINTS;
import static dev.quantgate.junit.QuantGateAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.gate.Verdict;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Messages are what a team reads first, so they are tested as whole text. */
class AssertionsTest {
  @TempDir static Path folder;
  static Comparison lost;
  static Comparison kept;

  @BeforeAll
  static void compare() {
    lost = exam("lost", Recorded.wrong(folder.resolve("wrong"), 4));
    kept = exam("kept", Recorded.of("fp16"));
  }

  private static Comparison exam(String name, String candidate) {
    return AccuracyTests.of(Recorded.of("fp16"), candidate, "starter-exam")
        .out(folder.resolve(name))
        .run();
  }

  private static void says(ThrowingCallable assertion, String message) {
    assertThatThrownBy(assertion)
        .isInstanceOf(AssertionError.class)
        .hasMessage(message.stripTrailing());
  }

  @Test
  void whatHoldsIsPassedOver() {
    assertThat(kept).passes().suite("starter-exam").losesAtMost(0, POINTS).passes();
    assertThat(lost).suite("starter-exam").losesAtMost(3, ITEMS).losesAtMost(1.5, POINTS);
    assertThat(lost).suite("starter-exam").keeps("world_geography/0");
  }

  @Test
  void aLossInPointsNamesTheItemsThatWereLost() {
    says(
        () -> assertThat(lost).suite("starter-exam").losesAtMost(1.0, POINTS),
        """
        Expected suite "starter-exam" to lose at most 1.00 points,
        but it lost 1.36 points
        baseline 75.0 %, candidate 73.6 %, delta -1.36 points in 220 items: 3 losses, 0 gains
          lost chinese_geography/0: A -> D, right is A
          lost chinese_geography/1: C -> D, right is C
          lost chinese_geography/2: D -> C, right is D
        """);
  }

  @Test
  void aLossInItemsIsCounted() {
    says(
        () -> assertThat(lost).suite("starter-exam").losesAtMost(1, ITEMS),
        """
        Expected suite "starter-exam" to lose at most 1 item,
        but it lost 3 items
        baseline 75.0 %, candidate 73.6 %, delta -1.36 points in 220 items: 3 losses, 0 gains
          lost chinese_geography/0: A -> D, right is A
          lost chinese_geography/1: C -> D, right is C
          lost chinese_geography/2: D -> C, right is D
        """);
  }

  @Test
  void anItemThatWasLostIsSaidToBe() {
    says(
        () -> assertThat(lost).suite("starter-exam").keeps("chinese_geography/2"),
        """
        Expected suite "starter-exam" to keep item chinese_geography/2,
        but it lost chinese_geography/2: D -> C, right is D
        """);
  }

  @Test
  void aDescriptionStandsBeforeTheMessage() {
    assertThatThrownBy(() -> assertThat(lost).as("release 42").suite("starter-exam").passes())
        .hasMessageStartingWith(
            "Expected suite \"starter-exam\" to pass,\nbut its verdict is FAIL");
    assertThatThrownBy(() -> assertThat(lost).as("release 42").passes())
        .hasMessageStartingWith("[release 42] Expected the verdict PASS,\nbut it is FAIL: ")
        .hasMessageContaining("  lost chinese_geography/0: A -> D, right is A");
  }

  @Test
  void aSuiteThatIsNotThereIsNamedWithThoseThatAre() {
    says(
        () -> assertThat(kept).suite("ceval"),
        """
        Expected a suite "ceval",
        but the comparison has "starter-exam"
        """);
  }

  @Test
  void whatIsNotProvenIsSaid() {
    assertThatThrownBy(() -> assertThat(lost).isProven())
        .hasMessageStartingWith(
            "Expected a proven verdict,\nbut FAIL is not proven, the pairs show INCONCLUSIVE: ");
    assertThat(lost).hasVerdict(Verdict.FAIL);
  }
}
