package dev.quantgate.evaluation.settings;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/** What can be said for a setting: how a help page calls it, and what a shell completes. */
public sealed interface ValueKind {
  /** True where it is named; nothing is said behind it. */
  record Switch() implements ValueKind {}

  /** Text of any other kind, such as a number, with the word for it on a help page. */
  record Words(String label) implements ValueKind {}

  /** Text that may be said several times, as if it were separated by commas. */
  record Several(String label) implements ValueKind {}

  /** A file or folder. */
  record Place(String label) implements ValueKind {}

  /**
   * Some words that are known, for a shell; whether others are taken is decided where it is read.
   *
   * @param known looked up when somebody asks, as engines and sandboxes come with libraries
   */
  record Choice(String label, Supplier<List<String>> known) implements ValueKind {
    static Choice of(String label, Enum<?>[] constants) {
      return new Choice(
          label,
          () ->
              Arrays.stream(constants).map(each -> each.name().toLowerCase(Locale.ROOT)).toList());
    }
  }
}
