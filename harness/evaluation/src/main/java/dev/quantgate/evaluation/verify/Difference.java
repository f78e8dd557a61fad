package dev.quantgate.evaluation.verify;

import dev.quantgate.evaluation.record.JsonDifference;
import dev.quantgate.evaluation.record.SealedText;
import java.util.ArrayList;
import java.util.List;

/**
 * A place in a result that is not what it must be.
 *
 * @param file its name below the folder that was verified
 * @param line its number in the file, the first being 1; 0 where the file is one object
 * @param field its path in the object, such as "choices[2].sum"; empty where the whole is meant
 * @param found what stands there
 * @param expected what must stand there; empty where it cannot be told
 * @param basis what says so, such as "its checksum" or "journal and data"
 */
public record Difference(
    String file, int line, String field, String found, String expected, String basis) {

  static Difference damaged(String file, int line, SealedText.Damage damage) {
    return new Difference(
        file, line, damage.field(), damage.found(), damage.expected(), "its checksum");
  }

  static Difference recomputed(String file, int line, JsonDifference difference, String basis) {
    return new Difference(
        file, line, difference.field(), difference.found(), difference.expected(), basis);
  }

  /** One line for people. */
  @Override
  public String toString() {
    List<String> place = new ArrayList<>(List.of(file));
    if (line > 0) {
      place.add("line %d".formatted(line));
    }
    if (!field.isEmpty()) {
      place.add(field);
    }
    return "%s: found %s%s (by %s)"
        .formatted(
            String.join(", ", place),
            found,
            expected.isEmpty() ? "" : ", expected %s".formatted(expected),
            basis);
  }
}
