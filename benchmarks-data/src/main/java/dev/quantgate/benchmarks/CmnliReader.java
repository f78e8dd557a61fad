package dev.quantgate.benchmarks;

import dev.quantgate.benchmarks.SuiteData.Label;
import dev.quantgate.benchmarks.SuiteData.SentencePair;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Reads CMNLI's dev.json as CLUE publishes it, and its rows as Hugging Face's copy has them: with
 * an {@code idx}, and labels as numbers.
 */
final class CmnliReader {
  private static final Set<String> KEYS =
      new LinkedHashSet<>(List.of("sentence1", "sentence2", "label"));

  /** Where a row has its number in Hugging Face's copy. */
  private static final String INDEX = "idx";

  /** Hugging Face's labels 0, 1 and 2. */
  private static final List<Label> NUMBERED =
      List.of(Label.NEUTRAL, Label.ENTAILMENT, Label.CONTRADICTION);

  private CmnliReader() {}

  /**
   * What a file holds.
   *
   * @param rows how many rows it has, those labelled "-" (on which the annotators did not agree)
   *     included
   * @param pairs the labelled ones, in its order
   */
  record Content(int rows, List<SentencePair> pairs) {}

  /**
   * Reads all rows.
   *
   * @throws DataException naming the first line that is no such row
   */
  static Content read(String file, byte[] content) {
    var rows = JsonLines.read(file, content, KEYS, Set.of(INDEX, "label"));
    var pairs = new ArrayList<SentencePair>(rows.size());
    for (var row : rows) {
      for (String key : List.of("sentence1", "sentence2")) {
        if (row.get(key).isBlank()) {
          throw new DataException(
              "%s, line %d: expected a sentence under \"%s\", found none"
                  .formatted(file, row.line(), key));
        }
      }
      String label = row.get("label");
      if (label.equals("-") || label.equals("-1")) {
        continue;
      }
      pairs.add(
          new SentencePair(
              Integer.toString(row.line() - 1),
              row.get("sentence1"),
              row.get("sentence2"),
              label(file, row)));
    }
    if (pairs.isEmpty()) {
      throw new DataException(
          "%s: expected labelled rows, found only rows labelled -".formatted(file));
    }
    return new Content(rows.size(), pairs);
  }

  private static Label label(String file, JsonLines.Row row) {
    String label = row.get("label");
    return switch (label) {
      case "contradiction" -> Label.CONTRADICTION;
      case "entailment" -> Label.ENTAILMENT;
      case "neutral" -> Label.NEUTRAL;
      case "0", "1", "2" -> {
        if (!row.fields().containsKey(INDEX)) {
          throw new DataException(
              "%s, line %d: expected a label in words, found the number %s, which only rows with \"idx\" (Hugging Face's copy of CLUE) give a meaning"
                  .formatted(file, row.line(), label));
        }
        yield NUMBERED.get(label.charAt(0) - '0');
      }
      default ->
          throw new DataException(
              "%s, line %d: expected the label entailment, contradiction, neutral or -, found %s"
                  .formatted(file, row.line(), Text.shown(label)));
    };
  }
}
