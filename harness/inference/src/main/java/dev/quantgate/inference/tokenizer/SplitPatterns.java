package dev.quantgate.inference.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * The regular expressions of a tokenizer.json. Those that well-known models use take time that
 * grows with the text, and so do those without a group, with at most one repetition and at most one
 * option, neither directly behind the other: {@code \p{N}{1,3}}, {@code \s?[a-z]+}. Any other can
 * make the native library run for minutes, or abort the process that it runs in; bounds are no
 * help, as {@code \w{1,99}+} repeats a repetition in the library's syntax (Ruby's).
 */
final class SplitPatterns {
  private static final String LETTERS =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|%s| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
          + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String CASES =
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+%s"
          + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*%s|%s|"
          + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";

  private static final Set<String> WELL_KNOWN =
      Set.of(
          // GPT-2, GPT-NeoX, StarCoder
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
          // Qwen 2, 2.5 and 3
          LETTERS.formatted("\\p{N}"),
          // Llama 3, cl100k
          LETTERS.formatted("\\p{N}{1,3}"),
          // GPT-4o
          CASES.formatted(CONTRACTION, CONTRACTION, "\\p{N}{1,3}"),
          // Mistral's Tekken
          CASES.formatted("", "", "\\p{N}"));

  private static final String INTERVAL = "\\{\\d*,?\\d*\\}";
  private static final Pattern REPETITION = Pattern.compile("[*+]|%s".formatted(INTERVAL));
  private static final Pattern OPTION = Pattern.compile("\\?");
  private static final Pattern STACKED = Pattern.compile("([*+?]|%s)[*+?{]".formatted(INTERVAL));

  /** Calls of a group, or of the whole pattern by itself, which need no parenthesis. */
  private static final String CALL = "\\g";

  private SplitPatterns() {}

  /** The patterns of a tokenizer.json that cannot be said to be harmless. */
  static List<String> doubtful(JsonNode json) {
    List<String> found = new ArrayList<>();
    collect(json.path("normalizer"), found);
    collect(json.path("pre_tokenizer"), found);
    found.removeIf(SplitPatterns::isHarmless);
    return found;
  }

  private static void collect(JsonNode node, List<String> found) {
    if (node.isObject() && node.path("Regex").isString()) {
      found.add(node.get("Regex").stringValue());
    }
    node.forEach(inner -> collect(inner, found));
  }

  static boolean isHarmless(String pattern) {
    return WELL_KNOWN.contains(pattern)
        || (pattern.indexOf('(') < 0
            && !pattern.contains(CALL)
            && !STACKED.matcher(pattern).find()
            && isAtMostOnce(REPETITION, pattern)
            && isAtMostOnce(OPTION, pattern));
  }

  private static boolean isAtMostOnce(Pattern part, String pattern) {
    return part.matcher(pattern).results().limit(2).count() < 2;
  }
}
