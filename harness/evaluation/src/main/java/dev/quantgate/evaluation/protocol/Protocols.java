package dev.quantgate.evaluation.protocol;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The protocols known for each suite. A bundled suite has those of the suite whose form it has,
 * under the same ids.
 */
public final class Protocols {

  private static final List<String> SUITES =
      List.of(
          "humaneval",
          "cmnli",
          "ceval",
          "ceval-test",
          "starter-code",
          "starter-nli",
          "starter-exam");

  private Protocols() {}

  /**
   * The protocol of a suite.
   *
   * @param suite the suite's name, such as "ceval"
   * @param variant the part of its id behind the slash, such as "official-5shot"; empty for the
   *     suite's default
   * @param layout how check programs are put together; only suites of programs look at it
   * @throws IllegalArgumentException if suite or variant is unknown, naming the known ones
   */
  public static Protocol of(String suite, Optional<String> variant, Layout layout) {
    List<Protocol> protocols = all(suite, layout);
    if (variant.isEmpty()) {
      return protocols.getFirst();
    }
    return protocols.stream()
        .filter(protocol -> variantOf(protocol).equals(variant.get()))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "unknown protocol \"%s\" for %s; known: %s"
                    .formatted(
                        variant.get(),
                        suite,
                        protocols.stream()
                            .map(Protocols::variantOf)
                            .collect(Collectors.joining(", ")))));
  }

  /** For each suite its variants, the default first. */
  public static Map<String, List<String>> known() {
    var known = new LinkedHashMap<String, List<String>>();
    for (String suite : SUITES) {
      known.put(suite, all(suite, Layout.OPENAI).stream().map(Protocols::variantOf).toList());
    }
    return known;
  }

  private static List<Protocol> all(String suite, Layout layout) {
    return switch (suite) {
      case "humaneval", "starter-code" ->
          Arrays.stream(HumanEvalProtocol.Variant.values())
              .<Protocol>map(form -> new HumanEvalProtocol(form, layout))
              .toList();
      case "cmnli", "starter-nli" -> List.of(CmnliProtocol.values());
      case "ceval", "ceval-test", "starter-exam" -> List.of(CEvalProtocol.values());
      default ->
          throw new IllegalArgumentException(
              "unknown suite \"%s\"; known: %s".formatted(suite, String.join(", ", SUITES)));
    };
  }

  private static String variantOf(Protocol protocol) {
    return protocol.id().substring(protocol.id().indexOf('/') + 1);
  }
}
