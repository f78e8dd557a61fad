package dev.quantgate.evaluation.record;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What must be equal for a run to be continued: identity.json, one flat object of texts. Fields of
 * the model begin with "model.", those of a suite with "suite.NAME.".
 */
public record Identity(@JsonValue SortedMap<String, String> fields) {
  /** Whether the model was asked ("live") or its answers come from elsewhere ("recorded"). */
  public static final String SOURCE = "source";

  /** Name and version of what wrote the run. */
  public static final String PROGRAM = "program";

  /** The engine, as {@link EngineIdentity} reads it, of live models. */
  public static final String ENGINE = "model.engine";

  /** The day that chat templates are told; absent for none. */
  public static final String CHAT_DATE = "model.chatDate";

  private static final String SUITES = "suites";
  private static final String MODEL = "model.";
  private static final Pattern SUITE_NAME = Pattern.compile("[a-z0-9][a-z0-9_-]{0,63}");

  @JsonCreator
  public Identity {
    fields = Collections.unmodifiableSortedMap(new TreeMap<>(fields));
  }

  /**
   * The identity of a run.
   *
   * @param model fields of the model and the source of its answers
   * @param suites in the order of the run
   */
  public static Identity of(
      String program, SortedMap<String, String> model, Map<String, SuiteIdentity> suites) {
    var fields = new TreeMap<String, String>(model);
    fields.put(PROGRAM, program);
    fields.put(SUITES, String.join(",", suites.keySet()));
    suites.forEach((suite, identity) ->
        identity.fields().forEach((field, value) -> fields.put(prefix(suite) + field, value)));
    return new Identity(fields);
  }

  private static String prefix(String suite) {
    return "suite.%s.".formatted(suite);
  }

  /** Whether the model was asked. */
  public boolean live() {
    return "live".equals(fields.get(SOURCE));
  }

  /** Name and version of what wrote the run; empty where it is not said. */
  public String program() {
    return fields.getOrDefault(PROGRAM, "");
  }

  /** The engine of a live model. */
  public Optional<EngineIdentity> engine() {
    return Optional.ofNullable(fields.get(ENGINE)).map(EngineIdentity::of);
  }

  /** What is known of the model: engine, architecture, weightsSha256 and so on. */
  public SortedMap<String, String> model() {
    return below(MODEL);
  }

  /** The suites in the order of the run; empty where the field names none that could be read. */
  public List<String> suites() {
    List<String> suites = List.of(fields.getOrDefault(SUITES, "").split(",", -1));
    return suites.stream().allMatch(suite -> SUITE_NAME.matcher(suite).matches())
        ? suites
        : List.of();
  }

  /** What must be equal in a suite. */
  public SuiteIdentity suite(String suite) {
    return SuiteIdentity.of(below(prefix(suite)));
  }

  /** The fields that begin with a prefix, without it. */
  private SortedMap<String, String> below(String prefix) {
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

  /** Where two identities differ, field by field; one of the whole run before those of a part. */
  public List<Difference> differences(Identity other) {
    return Difference.between(fields, other.fields).stream()
        .sorted(Comparator.comparing(difference -> difference.field().indexOf('.') >= 0))
        .toList();
  }

  /** The suite that a field belongs to; empty for fields of the run or the model. */
  static Optional<String> suiteOf(String field) {
    String[] parts = field.split("\\.", 3);
    return parts.length == 3 && parts[0].equals("suite") ? Optional.of(parts[1]) : Optional.empty();
  }

  /**
   * A field that two identities do not agree on.
   *
   * @param first empty where the first has none
   * @param second empty where the second has none
   */
  public record Difference(String field, Optional<String> first, Optional<String> second) {

    /** The fields in which two sets differ, in their order. */
    static List<Difference> between(Map<String, String> first, Map<String, String> second) {
      var all = new TreeSet<>(first.keySet());
      all.addAll(second.keySet());
      return all.stream()
          .map(field ->
              new Difference(
                  field,
                  Optional.ofNullable(first.get(field)),
                  Optional.ofNullable(second.get(field))))
          .filter(difference -> !difference.first().equals(difference.second()))
          .toList();
    }

    /** Whether both know the field, so that they contradict each other. */
    public boolean known() {
      return first.isPresent() && second.isPresent();
    }
  }
}
