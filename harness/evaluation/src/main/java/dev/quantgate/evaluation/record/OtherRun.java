package dev.quantgate.evaluation.record;

import dev.quantgate.evaluation.record.Identity.Difference;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Says in the user's words why a folder holds another run than the one that is asked for: by the
 * flag that was given otherwise, with hashes left to the details.
 */
final class OtherRun {
  private static final Map<String, String> WORDS =
      Map.ofEntries(
          Map.entry("program", "the program's version"),
          Map.entry("suites", "--suites"),
          Map.entry("source", "the kind of model"),
          Map.entry("model.engine", "the engine"),
          Map.entry("model.architecture", "the model's architecture"),
          Map.entry("model.weightFormat", "the model's weight format"),
          Map.entry("model.weightsSha256", "the model's weights"),
          Map.entry("model.configSha256", "the model's config.json"),
          Map.entry("model.tokenizerSha256", "the model's tokenizer"),
          Map.entry(Identity.CHAT_DATE, "--chat-date"),
          Map.entry("data", "the data"),
          Map.entry("items", "the items"),
          Map.entry("protocol", "--protocol"),
          Map.entry("prompts", "the prompts"),
          Map.entry("decoding", "the decoding"),
          Map.entry("samples", "--samples"),
          Map.entry("layout", "--layout"),
          Map.entry("asked", "how the answers came"),
          Map.entry("sandbox", "--sandbox"));

  private OtherRun() {}

  /**
   * @param available items that a suite's data holds, by its name
   */
  static EvaluationException of(
      Path folder, List<Difference> differences, Map<String, Integer> available) {
    String others =
        differences.size() == 1 ? "" : " (and %d more)".formatted(differences.size() - 1);
    return new EvaluationException(
        EvaluationException.Kind.OTHER_RUN,
        "%s holds another run: %s%s\nGive another --out, or repeat the command that began it"
            .formatted(folder, words(differences.getFirst(), available), others),
        differences.stream()
            .map(difference ->
                "%s: %s there, %s now"
                    .formatted(
                        difference.field(), shown(difference.first()), shown(difference.second())))
            .toList());
  }

  private static String words(Difference difference, Map<String, Integer> available) {
    String field = difference.field();
    Optional<String> suite = Identity.suiteOf(field);
    String own =
        suite.map(name -> field.substring("suite..".length() + name.length())).orElse(field);
    String of = suite.map(" of %s"::formatted).orElse("");
    if (own.equals("items")) {
      int most = suite.map(available::get).orElse(0);
      String there = count(difference.first(), most);
      String now = count(difference.second(), most);
      return there.equals(now)
          ? "--seed: other items%s were drawn there".formatted(of)
          : "--limit: %s there, %s now%s"
              .formatted(there, now, suite.map(" (%s)"::formatted).orElse(""));
    }
    String word = WORDS.get(own);
    if (word == null) {
      word = own.startsWith("sandbox.") ? "the sandbox's %s".formatted(own.substring(8)) : own;
    }
    boolean hash = isHash(difference.first()) || isHash(difference.second());
    return hash
        ? "%s%s differ%s".formatted(word, of, word.endsWith("s") && !word.endsWith("'s") ? "" : "s")
        : "%s%s: %s there, %s now"
            .formatted(word, of, shown(difference.first()), shown(difference.second()));
  }

  private static String count(Optional<String> items, int available) {
    String count = items.map(text -> text.split(" ", 2)[0]).orElse("none");
    return count.equals(Integer.toString(available)) ? "all" : count;
  }

  private static boolean isHash(Optional<String> value) {
    return value.filter(text -> text.matches("[0-9a-f]{40,}")).isPresent();
  }

  private static String shown(Optional<String> value) {
    return value.map("\"%s\""::formatted).orElse("not set");
  }
}
