package dev.quantgate.evaluation.suite.file;

import dev.quantgate.base.JsonLines;
import dev.quantgate.benchmarks.DataException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** A line of JSON Lines, with its place. */
record Row(Path file, long line, JsonNode object) {

  /**
   * All rows of a file.
   *
   * @throws DataException if there is none
   * @throws dev.quantgate.base.FileException if it cannot be read or is no JSON Lines
   */
  static List<Row> read(Path file) {
    List<Row> rows = new ArrayList<>();
    JsonLines.objects(file, (line, object) -> rows.add(new Row(file, line, object)));
    if (rows.isEmpty()) {
      throw new DataException(
          "%s: expected lines with one JSON object each, found none".formatted(file));
    }
    return rows;
  }

  /** A refusal that names this row. */
  DataException at(String message) {
    return new DataException("%s, line %d: %s".formatted(file, line, message));
  }

  /**
   * The value at a path such as {@code question}, {@code choices[1]} or {@code meta.subject}.
   *
   * @param wanted who asks for it, for the refusal of a row that has none
   */
  JsonNode value(String path, String wanted) {
    JsonNode node = object;
    for (String step : path.split("\\.|(?=\\[)", -1)) {
      node =
          step.matches("\\[\\d{1,6}]")
              ? node.path(Integer.parseInt(step.substring(1, step.length() - 1)))
              : node.path(step);
    }
    if (node.isMissingNode() || node.isNull()) {
      throw at(
          "has no \"%s\", which %s names; it has %s"
              .formatted(
                  path,
                  wanted,
                  object.properties().stream()
                      .map(property -> property.getKey())
                      .collect(Collectors.joining(", "))));
    }
    return node;
  }

  /** The value at a path as a text; a list's texts stand on lines of their own. */
  String text(String path, String wanted) {
    JsonNode node = value(path, wanted);
    if (node.isObject()) {
      throw at(
          "expected a text, number or list under \"%s\", which %s names, found an object"
              .formatted(path, wanted));
    }
    return node.isArray() ? String.join("\n", texts(path, wanted)) : node.asString();
  }

  /** The texts of a list. */
  List<String> texts(String path, String wanted) {
    JsonNode node = value(path, wanted);
    if (!node.isArray()) {
      throw at(
          "expected a list under \"%s\", which %s names, found %s"
              .formatted(path, wanted, JsonLines.kind(node)));
    }
    List<String> texts = new ArrayList<>();
    node.forEach(each -> {
      if (each.isContainer() || each.isNull()) {
        throw at(
            "expected a list of texts under \"%s\", which %s names, found %s in it"
                .formatted(path, wanted, JsonLines.kind(each)));
      }
      texts.add(each.asString());
    });
    return texts;
  }
}
