package dev.quantgate.evaluation.record;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.OTHER_RUN;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What must be equal for a run to be continued: identity.json, one flat object of texts. Fields of
 * the model begin with "model.", those of a suite with "suite.NAME.".
 */
public record Identity(@JsonValue SortedMap<String, String> fields) {
  /** Whether the model was asked ("live") or its answers come from elsewhere ("recorded"). */
  public static final String SOURCE = "source";

  /** Name and version of what wrote the run. */
  public static final String PROGRAM = "program";

  /** The engine's kind and revision, and what their last bits depend on, of live models. */
  public static final String ENGINE = "model.engine";

  /** Set for a suite whose prompts are known to be the protocol's, as {@link #BY_PROTOCOL}. */
  public static final String ASKED = "asked";

  public static final String BY_PROTOCOL = "by protocol";

  @JsonCreator
  public Identity {
    fields = Collections.unmodifiableSortedMap(new TreeMap<>(fields));
  }

  /** Whether the model was asked. */
  public boolean live() {
    return "live".equals(fields.get(SOURCE));
  }

  /** Whether it is known what the model was asked in a suite. */
  public boolean knowsPrompts(String suite) {
    return fields.containsKey("suite." + suite + "." + ASKED);
  }

  /** The value of a field, empty where it has none. */
  public String get(String field) {
    return fields.getOrDefault(field, "");
  }

  /** The fields that begin with a prefix, without it. */
  public SortedMap<String, String> below(String prefix) {
    var below = new TreeMap<String, String>();
    fields
        .tailMap(prefix)
        .forEach((field, value) -> {
          if (field.startsWith(prefix)) {
            below.put(field.substring(prefix.length()), value);
          }
        });
    return below;
  }

  /**
   * Where two identities differ, field by field.
   *
   * @param unknownDiffers whether a field that only one of them has is a difference
   */
  public List<Difference> differences(Identity other, boolean unknownDiffers) {
    var all = new TreeSet<>(fields.keySet());
    all.addAll(other.fields.keySet());
    var differences = new ArrayList<Difference>();
    for (String field : all) {
      String mine = get(field);
      String theirs = other.get(field);
      boolean known = fields.containsKey(field) && other.fields.containsKey(field);
      if (!mine.equals(theirs) && (known || unknownDiffers)) {
        differences.add(new Difference(field, mine, theirs));
      }
    }
    return differences;
  }

  /**
   * Refuses a folder that holds another run, naming a field that differs: one of the whole run
   * first.
   */
  public void requireIn(Path folder, Identity stored) {
    List<Difference> differences = stored.differences(this, true);
    if (!differences.isEmpty()) {
      Difference first =
          differences.stream()
              .filter(difference -> difference.field().indexOf('.') < 0)
              .findFirst()
              .orElse(differences.getFirst());
      String others = differences.size() == 1 ? "" : " (and " + (differences.size() - 1) + " more)";
      throw new EvaluationException(
          OTHER_RUN,
          folder
              + " holds another run: "
              + first.field()
              + " is "
              + shown(first.first())
              + " there and "
              + shown(first.second())
              + " now"
              + others
              + "\nGive another --out, or repeat the command that began it");
    }
  }

  public static String shown(String value) {
    return value.isEmpty() ? "not set" : "\"" + value + "\"";
  }

  /** A field that two identities do not agree on. */
  public record Difference(String field, String first, String second) {}
}
