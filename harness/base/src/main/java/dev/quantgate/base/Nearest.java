package dev.quantgate.base;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds the word that somebody meant who typed another. */
public final class Nearest {
  /** Longer texts are no slips of the keyboard. */
  private static final int MOST_CHARACTERS = 64;

  private Nearest() {}

  /**
   * The known word that is nearest to a typed one: at most a third of its letters are to be put in,
   * left out, changed or swapped with a neighbour, case aside; or it begins with what was typed.
   */
  public static Optional<String> to(String typed, Collection<String> known) {
    String word = typed.toLowerCase(Locale.ROOT);
    if (word.isBlank() || word.length() > MOST_CHARACTERS) {
      return Optional.empty();
    }
    return known.stream()
        .filter(each ->
            distance(word, each.toLowerCase(Locale.ROOT)) <= Math.max(1, each.length() / 3)
                || (word.length() > 2 && each.toLowerCase(Locale.ROOT).startsWith(word)))
        .min(Comparator.comparingInt(each -> distance(word, each.toLowerCase(Locale.ROOT))));
  }

  /** {@code , did you mean "..."?} to be put behind what was typed; empty where nothing is near. */
  public static String hint(String typed, Collection<String> known) {
    return to(typed, known).map(", did you mean \"%s\"?"::formatted).orElse("");
  }

  /** Letters put in, left out, changed or swapped (optimal string alignment). */
  private static int distance(String one, String other) {
    int[] before = new int[other.length() + 1];
    int[] above = new int[other.length() + 1];
    Arrays.setAll(above, i -> i);
    for (int i = 1; i <= one.length(); i++) {
      int[] row = new int[other.length() + 1];
      row[0] = i;
      for (int j = 1; j <= other.length(); j++) {
        int changed = above[j - 1] + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(changed, 1 + Math.min(above[j], row[j - 1]));
        if (i > 1
            && j > 1
            && one.charAt(i - 1) == other.charAt(j - 2)
            && one.charAt(i - 2) == other.charAt(j - 1)) {
          row[j] = Math.min(row[j], before[j - 2] + 1);
        }
      }
      before = above;
      above = row;
    }
    return above[other.length()];
  }
}
