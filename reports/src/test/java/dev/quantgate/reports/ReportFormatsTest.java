package dev.quantgate.reports;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReportFormatsTest {
  @Test
  void theTerminalsTableIsFoundByItsName() {
    assertThat(ReportFormats.find("terminal")).containsInstanceOf(TerminalFormat.class);
    assertThat(ReportFormats.find("no-such")).isEmpty();
  }

  @Test
  void everyFormatHasAnIdOfItsOwn() {
    assertThat(ReportFormats.all()).extracting(ReportFormat::id).doesNotHaveDuplicates().isSorted();
  }
}
