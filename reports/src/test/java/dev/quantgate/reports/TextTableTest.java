package dev.quantgate.reports;

import static dev.quantgate.reports.TextTable.Align.LEFT;
import static dev.quantgate.reports.TextTable.Align.RIGHT;
import static dev.quantgate.reports.TextTable.Align.WORDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TextTableTest {
  @Test
  void columnsAreAsWideAsTheirWidestCellAndLinesEndWithoutSpaces() {
    String text =
        new TextTable(LEFT, RIGHT, LEFT)
            .row("suite", "items", "verdict")
            .rule()
            .row("humaneval", "164", "PASS")
            .row("ceval", "1,346", "")
            .render();
    assertThat(text)
        .isEqualTo(
            """
            suite      items  verdict
            -------------------------
            humaneval    164  PASS
            ceval      1,346
            """);
  }

  @Test
  void aChineseCharacterTakesTwoCells() {
    assertThat(new TextTable(LEFT, LEFT).row("矛盾", "x").row("abcd", "y").render())
        .isEqualTo("矛盾  x\nabcd  y\n");
  }

  @Test
  void aLastColumnOfWordsGoesOnBelowItsBeginningAndNoLineIsWiderThanTheTerminal() {
    String words =
        "either an answer or a reason why there is none, whichever comes first of the two";
    String text =
        new TextTable("  ", LEFT, WORDS)
            .row("ok", words)
            .rule()
            .row("no", "矛盾 ".repeat(16).strip())
            .render();
    assertThat(text)
        .isEqualTo(
            """
              ok  either an answer or a reason why there is none, whichever comes first of
                  the two
              ------------------------------------------------------------------------------
              no  矛盾 矛盾 矛盾 矛盾 矛盾 矛盾 矛盾 矛盾 矛盾 矛盾 矛盾 矛盾 矛盾 矛盾 矛盾
                  矛盾
            """);
    assertThat(text.lines()).allMatch(line -> TextTable.width(line) <= TextTable.WIDTH);
    assertThatThrownBy(() -> new TextTable(WORDS, LEFT))
        .hasMessage("column 1 of 2 is set in words; only the last can be");
  }

  @Test
  void aWordWiderThanWhatIsLeftRunsBeyondTheTableAndNarrowsNoOtherColumn() {
    String path = "/%s/libcuda.so.1,".formatted("folder/".repeat(11));
    assertThat(
            new TextTable(LEFT, LEFT, WORDS)
                .row("ok", "Engine cuda", "driver %s serving CUDA 13.0".formatted(path))
                .row("ok", "Engine reference", "ready")
                .rule()
                .render())
        .isEqualTo(
            """
            ok  Engine cuda       driver
                                  %s
                                  serving CUDA 13.0
            ok  Engine reference  ready
            --------------------------------------------------------------------------------
            """
                .formatted(path));
  }

  @Test
  void aTableThatIsWiderThanTheTerminalNarrowsItsWidestTextsAndBreaksNoFigure() {
    String text =
        new TextTable(LEFT, LEFT, RIGHT, LEFT)
            .row("setting", "value", "items", "from")
            .rule()
            .row(
                "data",
                "/benchmarks/official/which/lie/deep/中文评测数据/2026-01-02/HumanEval.jsonl.gz",
                "12,345,678",
                "quantgate.yaml: data of the machine that builds every night")
            .row("limit", "100", "1", "--limit")
            .render();
    assertThat(text)
        .isEqualTo(
            """
            setting  value                              items  from
            --------------------------------------------------------------------------------
            data     /benchmarks/official/which/l  12,345,678  quantgate.yaml: data of the
                     ie/deep/中文评测数据/2026-01              machine that builds every
                     -02/HumanEval.jsonl.gz                    night
            limit    100                                    1  --limit
            """);
    assertThat(text.lines()).allMatch(line -> TextTable.width(line) <= TextTable.WIDTH);
  }

  @Test
  void aNoteStandsBelowItsRowAndWidensNoColumn() {
    String text =
        new TextTable(LEFT, RIGHT)
            .row("a", "1")
            .note(
                "as long as it takes to say why, which may well be more than a line of eighty cells")
            .row("b", "22")
            .render();
    assertThat(text)
        .isEqualTo(
            """
            a   1
                as long as it takes to say why, which may well be more than a line of eighty
                cells
            b  22
            """);
  }

  @Test
  void aRowWithTheWrongNumberOfCellsIsRefused() {
    assertThatThrownBy(() -> new TextTable(LEFT).row("a", "b"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a row of 2 cells in a table of 1 columns");
  }

  @Test
  void aCellCannotSteerTheTerminalOrBreakItsRow() {
    String table = new TextTable(LEFT, LEFT).row("a\nb\u001b[2J", "\u202ec").render();
    assertThat(table).isEqualTo("a\\nb\\x1b[2J  \\u202ec\n");
  }
}
