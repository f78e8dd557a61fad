package dev.quantgate.reports;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FiguresTest {
  private final Locale before = Locale.getDefault();

  @BeforeEach
  void useALocaleThatWritesNumbersDifferently() {
    Locale.setDefault(Locale.GERMANY);
  }

  @AfterEach
  void restoreTheLocale() {
    Locale.setDefault(before);
  }

  @Test
  void figuresReadTheSameInEveryLocale() {
    assertThat(Figures.bytes(68_200_000_000L)).isEqualTo("68.20 GB");
    assertThat(Figures.bytes(269_060_552)).isEqualTo("269.1 MB");
    assertThat(Figures.bytes(1_500)).isEqualTo("1.5 kB");
    assertThat(Figures.percent(121.0 / 164)).isEqualTo("73.8 %");
    assertThat(Figures.count(12_235)).isEqualTo("12,235");
    assertThat(Figures.rate(71.94)).isEqualTo("71.9");
    assertThat(Figures.rate(1303.2)).isEqualTo("1,303");
  }

  @Test
  void slowWorkHasAPaceAndNoRoundedZero() {
    assertThat(Figures.pace(12.54)).isEqualTo("12.5 a second");
    assertThat(Figures.pace(0.04)).isEqualTo("2.4 a minute");
    assertThat(Figures.pace(0.001)).isEqualTo("3.6 an hour");
  }

  @Test
  void aDifferenceInPointsAlwaysHasItsSignUnlessThereIsNone() {
    assertThat(Figures.points(-100.0 / 164)).isEqualTo("-0.61");
    assertThat(Figures.points(0.2)).isEqualTo("+0.20");
    assertThat(Figures.points(0)).isEqualTo("0.00");
  }

  @Test
  void durationsUseTheUnitsThatSuitThem() {
    assertThat(Figures.duration(Duration.ofMillis(840))).isEqualTo("0.8 s");
    assertThat(Figures.duration(Duration.ofSeconds(65))).isEqualTo("1 min 05 s");
    assertThat(Figures.duration(Duration.ofMinutes(123))).isEqualTo("2 h 03 min");
  }
}
