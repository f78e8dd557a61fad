package dev.quantgate.reports;

import java.time.Duration;
import java.util.Locale;

/** Writes figures for people. The same in every locale; nothing written here is ever compared. */
public final class Figures {
  private Figures() {}

  /** {@code 68.20 GB}: powers of 1000, as the sizes of models and cards are given. */
  public static String bytes(long bytes) {
    if (bytes < 1_000_000) {
      return format("%.1f kB", bytes / 1e3);
    }
    return bytes < 1_000_000_000 ? format("%.1f MB", bytes / 1e6) : format("%.2f GB", bytes / 1e9);
  }

  /** {@code 73.8 %} of a share between 0 and 1. */
  public static String percent(double share) {
    return format("%.1f %%", 100 * share);
  }

  /** {@code -0.61}: points, always with a sign; a difference that is exactly zero has none. */
  public static String points(double points) {
    return points == 0 ? "0.00" : format("%+.2f", points);
  }

  /** {@code 0.8 s}, {@code 1 min 05 s} or {@code 2 h 03 min}. */
  public static String duration(Duration duration) {
    long seconds = duration.toSeconds();
    if (seconds < 60) {
      return format("%.1f s", duration.toMillis() / 1e3);
    }
    return seconds < 3600
        ? format("%d min %02d s", seconds / 60, seconds % 60)
        : format("%d h %02d min", seconds / 3600, seconds / 60 % 60);
  }

  /** {@code 0.913}: a figure that is compared with its neighbours, with as many decimals. */
  static String decimals(int digits, double value) {
    return format("%%.%df".formatted(digits), value);
  }

  /** {@code 1,346}. */
  public static String count(long count) {
    return format("%,d", count);
  }

  /** {@code 71.9}, {@code 303}: a rate with as many digits as mean something. */
  public static String rate(double perSecond) {
    return perSecond < 100 ? format("%.1f", perSecond) : format("%,.0f", perSecond);
  }

  /** {@code 12.5 a second}, {@code 3.2 a minute} or {@code 1.4 an hour}: never a rounded zero. */
  public static String pace(double perSecond) {
    if (perSecond >= 1) {
      return format("%s a second", rate(perSecond));
    }
    return perSecond * 60 >= 1
        ? format("%.1f a minute", perSecond * 60)
        : format("%.1f an hour", perSecond * 3600);
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
