package dev.quantgate.evaluation.gate;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a margin's number counts: percentage points, or percent of the baseline's measured score.
 *
 * @param relativeBelow percent of a baseline that scores below so many points, percentage points of
 *     any other: 0 makes it absolute, infinity relative throughout
 */
public record MarginKind(double relativeBelow) {
  /** Percentage points. */
  public static final MarginKind ABSOLUTE = new MarginKind(0);

  /** Percent of the baseline's score, as MLPerf's 99 % rule. */
  public static final MarginKind RELATIVE = new MarginKind(Double.POSITIVE_INFINITY);

  private static final Pattern BELOW =
      Pattern.compile("relative[ -]below[ -](\\d{1,3}(?:\\.\\d{1,6})?)");

  public MarginKind {
    if (!(relativeBelow >= 0)) {
      throw new IllegalArgumentException(
          "no kind of margin: relative below %s".formatted(relativeBelow));
    }
  }

  /**
   * Reads {@link #toString}'s text, or "relative-below-50".
   *
   * @throws IllegalArgumentException if it is none
   */
  @JsonCreator
  public static MarginKind of(String text) {
    String said = text.strip().toLowerCase(Locale.ROOT);
    Matcher below = BELOW.matcher(said);
    if (below.matches()) {
      return new MarginKind(Double.parseDouble(below.group(1)));
    }
    return switch (said) {
      case "absolute" -> ABSOLUTE;
      case "relative" -> RELATIVE;
      default -> throw new IllegalArgumentException("no kind of margin: %s".formatted(text));
    };
  }

  /**
   * Whether it counts percent of a baseline.
   *
   * @param percent the baseline's score, 0 to 100
   */
  boolean relativeTo(double percent) {
    return percent < relativeBelow;
  }

  /** "absolute", "relative" or "relative below 50". */
  @JsonValue
  @Override
  public String toString() {
    if (equals(ABSOLUTE)) {
      return "absolute";
    }
    return equals(RELATIVE)
        ? "relative"
        : "relative below %s".formatted(Margin.number(relativeBelow));
  }
}
