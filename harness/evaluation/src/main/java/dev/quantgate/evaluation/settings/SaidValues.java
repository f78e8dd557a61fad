package dev.quantgate.evaluation.settings;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.SETTING;

import dev.quantgate.base.Nearest;
import dev.quantgate.evaluation.record.EvaluationException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Function;

/** Reads what was said for settings; every message about a value names the place it came from. */
final class SaidValues {
  private final Map<Setting, Said> said;

  SaidValues(Map<Setting, Said> said) {
    var copy = new EnumMap<Setting, Said>(Setting.class);
    copy.putAll(said);
    this.said = Collections.unmodifiableMap(copy);
  }

  /** A value and where it was said, such as "--limit" or "quantgate.yaml: limit". */
  record Said(String text, String place) {}

  /** Whether somebody said it. */
  boolean isSaid(Setting setting) {
    return said.containsKey(setting);
  }

  /** What was said or the default; empty for neither. */
  Optional<String> text(Setting setting) {
    Said value = said.get(setting);
    String text = value == null ? setting.defaultText() : value.text();
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  /** Whether it was typed for this very call, and so must not be passed over in silence. */
  boolean isTyped(Setting setting) {
    Said value = said.get(setting);
    return value != null && value.place().equals("--%s".formatted(setting.key()));
  }

  /** Where it was said; "default" where it was not. */
  String place(Setting setting) {
    Said value = said.get(setting);
    return value == null ? "default" : value.place();
  }

  String required(Setting setting) {
    return text(setting)
        .orElseThrow(() ->
            new EvaluationException(
                SETTING,
                "--%s is missing: %s (or %s, or %s in quantgate.yaml)"
                    .formatted(
                        setting.key(), setting.description(), setting.variable(), setting.key())));
  }

  Optional<Path> path(Setting setting) {
    return value(setting, "a path", Path::of);
  }

  OptionalLong memory(Setting setting) {
    return value(setting, "a size such as 12G or 800M", ByteSize::parse)
        .map(OptionalLong::of)
        .orElse(OptionalLong.empty());
  }

  Duration seconds(Setting setting) {
    return value(
            setting,
            "seconds between 0.1 and 3600",
            text -> {
              double seconds = Double.parseDouble(text);
              if (!(seconds >= 0.1 && seconds <= 3600)) {
                throw new IllegalArgumentException("no such time");
              }
              return Duration.ofMillis(Math.round(seconds * 1000));
            })
        .orElseThrow();
  }

  long size(Setting setting, long least, long most) {
    return value(
            setting,
            "a size between %s bytes and %s".formatted(least, most),
            text -> {
              long bytes = text.equals("0") ? 0 : ByteSize.parse(text);
              if (bytes < least || bytes > most) {
                throw new IllegalArgumentException("no such size");
              }
              return bytes;
            })
        .orElseThrow();
  }

  boolean flag(Setting setting) {
    String text = text(setting).orElse("false");
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true", "yes", "1" -> true;
      case "false", "no", "0" -> false;
      default -> throw bad(setting, "true or false", text);
    };
  }

  OptionalInt integer(Setting setting, int least) {
    return integer(setting, least, Integer.MAX_VALUE);
  }

  OptionalInt integer(Setting setting, int least, int most) {
    return value(
            setting,
            most == Integer.MAX_VALUE
                ? "a whole number of at least %s".formatted(least)
                : "a whole number from %s to %s".formatted(least, most),
            text -> {
              int number = Integer.parseInt(text);
              if (number < least || number > most) {
                throw new IllegalArgumentException("no such number");
              }
              return number;
            })
        .map(OptionalInt::of)
        .orElse(OptionalInt.empty());
  }

  /** A finite number from {@code least} to {@code most}, both included. */
  double number(Setting setting, double least, double most) {
    return value(
            setting,
            "a number from %s to %s".formatted(plain(least), plain(most)),
            text -> {
              double number = Double.parseDouble(text);
              if (!(number >= least && number <= most)) {
                throw new IllegalArgumentException("no such number");
              }
              return number;
            })
        .orElseThrow();
  }

  private static String plain(double number) {
    return BigDecimal.valueOf(number).stripTrailingZeros().toPlainString();
  }

  <E extends Enum<E>> E choice(Setting setting, Class<E> type) {
    String text = text(setting).orElseThrow();
    return Arrays.stream(type.getEnumConstants())
        .filter(constant ->
            constant.name().toLowerCase(Locale.ROOT).equals(text.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(() -> {
          List<String> known =
              Arrays.stream(type.getEnumConstants())
                  .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                  .toList();
          return bad(setting, "one of %s".formatted(String.join(", ", known)), text, known);
        });
  }

  <T> Optional<T> value(Setting setting, String expected, Function<String, T> read) {
    Optional<String> text = text(setting);
    try {
      return text.map(read);
    } catch (IllegalArgumentException | ArithmeticException | DateTimeException e) {
      throw bad(setting, expected, text.orElse(""));
    }
  }

  EvaluationException bad(Setting setting, String expected, String found) {
    return bad(setting, expected, found, List.of());
  }

  private EvaluationException bad(
      Setting setting, String expected, String found, List<String> known) {
    Said value = said.get(setting);
    String place = value == null ? "the default of --%s".formatted(setting.key()) : value.place();
    return new EvaluationException(
        SETTING,
        "%s: expected %s, found \"%s\"%s"
            .formatted(place, expected, shortened(found), Nearest.hint(found, known)));
  }

  private static String shortened(String text) {
    return text.length() <= 80 ? text : "%s...".formatted(text.substring(0, 80));
  }
}
