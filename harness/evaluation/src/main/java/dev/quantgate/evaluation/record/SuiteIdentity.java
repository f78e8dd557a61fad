package dev.quantgate.evaluation.record;

import dev.quantgate.evaluation.record.Identity.Difference;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What must be equal in one suite for a run to be continued, or for two to be compared. What a
 * recording does not know of itself is absent.
 *
 * @param data sha256 of the suite's data
 * @param items how many are asked, and a hash over their ids: {@link RunFolder#items}
 * @param protocol id of the protocol, such as "ceval/official-5shot"
 * @param asking how the suite was asked: {@link #ASKED}, prompts, decoding, samples
 * @param layout how check programs are put together; for suites of programs
 * @param sandbox what executes the programs
 */
public record SuiteIdentity(
    String data,
    String items,
    String protocol,
    SortedMap<String, String> asking,
    Optional<String> layout,
    Optional<Sandbox> sandbox) {
  /** Set where the prompts are known to be the protocol's, as {@link #BY_PROTOCOL}. */
  public static final String ASKED = "asked";

  public static final String BY_PROTOCOL = "by protocol";

  /** A hash over all that is asked. */
  public static final String PROMPTS = "prompts";

  public static final String DECODING = "decoding";
  public static final String SAMPLES = "samples";

  /** The order in which items are asked until the comparison is decided; absent for whole runs. */
  public static final String ORDER = "order";

  /** When it counts as decided; absent for whole runs. */
  public static final String STOP = "stop";

  private static final List<String> ASKING =
      List.of(ASKED, PROMPTS, DECODING, SAMPLES, ORDER, STOP);
  private static final String DATA = "data";
  private static final String ITEMS = "items";
  private static final String PROTOCOL = "protocol";
  private static final String LAYOUT = "layout";
  private static final String SANDBOX = "sandbox";

  public SuiteIdentity {
    asking = Collections.unmodifiableSortedMap(new TreeMap<>(asking));
  }

  /**
   * A sandbox.
   *
   * @param kind the provider's kind
   * @param identity what verdicts depend on: Python's version, image, checker, limits
   */
  public record Sandbox(String kind, SortedMap<String, String> identity) {
    public Sandbox {
      identity = Collections.unmodifiableSortedMap(new TreeMap<>(identity));
    }
  }

  /** The fields as they stand in identity.json, without the suite's prefix. */
  SortedMap<String, String> fields() {
    var fields = new TreeMap<>(asking);
    put(fields, DATA, data);
    put(fields, ITEMS, items);
    put(fields, PROTOCOL, protocol);
    layout.ifPresent(id -> fields.put(LAYOUT, id));
    sandbox.ifPresent(box -> {
      fields.put(SANDBOX, box.kind());
      box.identity()
          .forEach((field, value) -> fields.put("%s.%s".formatted(SANDBOX, field), value));
    });
    return fields;
  }

  private static void put(SortedMap<String, String> fields, String field, String value) {
    if (!value.isEmpty()) {
      fields.put(field, value);
    }
  }

  static SuiteIdentity of(SortedMap<String, String> fields) {
    var asking = new TreeMap<>(fields);
    asking.keySet().retainAll(ASKING);
    var sandbox = new TreeMap<String, String>();
    fields.forEach((field, value) -> {
      if (field.startsWith(SANDBOX + ".")) {
        sandbox.put(field.substring(SANDBOX.length() + 1), value);
      }
    });
    return new SuiteIdentity(
        fields.getOrDefault(DATA, ""),
        fields.getOrDefault(ITEMS, ""),
        fields.getOrDefault(PROTOCOL, ""),
        asking,
        Optional.ofNullable(fields.get(LAYOUT)),
        Optional.ofNullable(fields.get(SANDBOX)).map(kind -> new Sandbox(kind, sandbox)));
  }

  /** Whether it is known what the model was asked. */
  public boolean knowsPrompts() {
    return asking.containsKey(ASKED);
  }

  /** The fields in which two differ. */
  public List<Difference> differences(SuiteIdentity other) {
    return Difference.between(fields(), other.fields());
  }
}
