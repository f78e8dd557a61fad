package dev.quantgate.reports;

import static dev.quantgate.reports.TextTable.Align.LEFT;
import static dev.quantgate.reports.TextTable.Align.RIGHT;
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
