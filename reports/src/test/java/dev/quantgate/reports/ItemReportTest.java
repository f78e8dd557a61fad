package dev.quantgate.reports;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ItemReportTest {
  @TempDir static Path folder;
  static ReportSource source;

  @BeforeAll
  static void compare() {
    source = ReportSource.open(SampleResult.small(folder));
  }

  private static String shown(String item) {
    return ItemReport.render(source.item(item).orElseThrow(), Ink.PLAIN, 60)
        .replaceAll("(?m)^  quantgate run (.*\\\\\n)*.*$", "  quantgate run ...");
  }

  @Test
  void aProgramThatWasLostIsShownWithItsTestAndBothOutcomes() {
    assertThat(shown("HumanEval/3"))
        .isEqualTo(
            """
            humaneval  HumanEval/3  LOSS
            PASSED -> FAILED: AssertionError

            Prompt
              def f():
                  \"""Problem 3.\"""

            Answers
            baseline: right                candidate: wrong
            -----------------------------------------------------------
                return 1                 |     return 2

            The first other token is number 3: the baseline preferred
            its own by 0.5000 nats, the candidate by 0.5000 nats.

            Outcome
              baseline   PASSED
              candidate  FAILED: AssertionError
                         in the test: assert f() == 1

            What the candidate's program printed
              AssertionError

            Test (entry point f)
              def check(f):
                  assert f() == 1

            Ask it again
              quantgate run ...
            """);
  }

  @Test
  void aQuestionThatWasLostIsShownWithTheChoices() {
    assertThat(shown("chemistry/8"))
        .isEqualTo(
            """
            ceval  chemistry/8  LOSS
            A -> B, right is A (near tie)
            of chemistry

            Prompt
              题目 8：下列哪一项正确？
              A. 甲
              B. 乙
              C. 丙
              D. 丁
              答案：

            Answers
            baseline: right                candidate: wrong
            -----------------------------------------------------------
            A                            | B

            Log-probabilities of the choices (nats)
            choice  baseline  candidate
            ----------------------------------
            A        -0.7000    -1.5000  right
            B        -0.7200    -0.4000
            C        -3.5000    -3.0000
            D        -4.0000    -4.0000

            Ask it again
              quantgate run ...
            """);
  }

  @Test
  void chineseTextsStandBesideEachOtherInTheirCells() {
    assertThat(SideBySide.render("甲", "一二三四五六\nb\n", "乙", "一二\nb\nc\n", 8))
        .isEqualTo(
            """
            甲         乙
            -------------------
            一二三四 | 一二
            五六     |
            b          b
                     > c
            """);
  }

  @Test
  void theCommandThatAsksAgainIsBrokenWhereAShellGoesOnReading() {
    String command =
        "quantgate run --baseline 'a b --c' --candidate 'it'\\''s here' --suites ceval --accept-data --items law/3";
    String lines = ReplayCommand.lines(command, "  ", 42);
    assertThat(lines)
        .isEqualTo(
            "  quantgate run --baseline 'a b --c' \\\n"
                + "    --candidate 'it'\\''s here' \\\n"
                + "    --suites ceval --accept-data \\\n"
                + "    --items law/3");
    assertThat(lines.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(42));
    assertThat(ReplayCommand.lines("quantgate run --baseline %s".formatted("x".repeat(60)), "", 40))
        .isEqualTo("quantgate run \\\n  --baseline %s".formatted("x".repeat(60)));
  }

  @Test
  void coloursAreThereOnlyWhereTheyAreWanted() {
    ItemView item = source.item("HumanEval/3").orElseThrow();
    String coloured = ItemReport.render(item, Ink.COLOURS, 60);
    assertThat(coloured).contains("\u001b[31mLOSS\u001b[0m");
    assertThat(coloured.replaceAll("\u001b\\[[0-9]*m", ""))
        .isEqualTo(ItemReport.render(item, Ink.PLAIN, 60));
  }
}
