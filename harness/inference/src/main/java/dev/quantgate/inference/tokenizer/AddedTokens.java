package dev.quantgate.inference.tokenizer;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The tokens beyond a tokenizer.json's vocabulary, from all files that may name them, as
 * transformers gathers them: tokenizer.json's own; those that tokenizer_config.json declares in
 * added_tokens_decoder, or where it has none those of added_tokens.json; then the named special
 * tokens and the extra ones, which are special whatever another file says. A token that has no id
 * yet gets the next one, in that order, whatever id a file declares. How a token is matched
 * (lstrip, rstrip, single_word, normalized) is what added_tokens_decoder says, where it names the
 * token.
 */
final class AddedTokens {
  private final ArrayNode added;
  private final Map<String, Integer> vocabulary;
  private final Map<String, ObjectNode> byContent = new LinkedHashMap<>();
  private int next;

  private AddedTokens(ArrayNode added, Map<String, Integer> vocabulary) {
    this.added = added;
    this.vocabulary = vocabulary;
    next = vocabulary.size();
    for (JsonNode token : added) {
      if (token instanceof ObjectNode object) {
        byContent.put(token.path("content").asString(""), object);
        next = Math.max(next, token.path("id").asInt(-1) + 1);
      }
    }
  }

  /**
   * Completes the list {@code added_tokens} of a tokenizer.json in place.
   *
   * @param vocabulary the model's own tokens and their ids
   */
  static void complete(TokenizerFiles files, ArrayNode added, Map<String, Integer> vocabulary) {
    AddedTokens tokens = new AddedTokens(added, vocabulary);
    Map<String, JsonNode> specials = files.specialTokens();
    JsonNode declared = files.config().get("added_tokens_decoder");
    if (declared != null) {
      Map<Integer, JsonNode> byId = new TreeMap<>();
      declared.properties().forEach(entry -> byId.put(number(entry.getKey()), entry.getValue()));
      byId.values()
          .forEach(token -> {
            boolean special = token.path("special").asBoolean(false);
            tokens.add(token, special);
            tokens.match(token, special);
          });
    } else {
      Map<Integer, String> byId = new TreeMap<>();
      files
          .json("added_tokens.json")
          .ifPresent(json ->
              json.properties()
                  .forEach(entry -> byId.put(entry.getValue().asInt(-1), entry.getKey())));
      byId.values()
          .forEach(content ->
              tokens.add(
                  TokenizerFiles.JSON.getNodeFactory().stringNode(content),
                  specials.containsKey(content)));
    }
    Collection<String> assumed = files.assumedTokens().values();
    specials.forEach((content, token) -> {
      if (tokens.isKnown(content) || !assumed.contains(content)) {
        tokens.add(token, true);
      }
    });
  }

  private boolean isKnown(String content) {
    return byContent.containsKey(content) || vocabulary.containsKey(content);
  }

  /** Adds a token that is given as its text or as an object, or makes a present one special. */
  private void add(JsonNode token, boolean special) {
    String content = TokenizerFiles.content(token).orElse("");
    if (content.isEmpty()) {
      return;
    }
    ObjectNode present = byContent.get(content);
    if (present != null) {
      if (special) {
        present.put("special", true);
      }
      return;
    }
    ObjectNode fresh = added.addObject();
    Integer known = vocabulary.get(content);
    fresh.put("id", known == null ? next++ : known);
    fresh.put("content", content);
    fresh.put("special", special);
    byContent.put(content, fresh);
    match(token, special);
  }

  /** Gives a present token the flags with which another file declares it. */
  private void match(JsonNode token, boolean special) {
    ObjectNode present = TokenizerFiles.content(token).map(byContent::get).orElse(null);
    if (present != null) {
      present.put("single_word", flag(token, "single_word", false));
      present.put("lstrip", flag(token, "lstrip", false));
      present.put("rstrip", flag(token, "rstrip", false));
      present.put("normalized", flag(token, "normalized", !special));
    }
  }

  private static boolean flag(@Nullable JsonNode token, String name, boolean absent) {
    return token == null ? absent : token.path(name).asBoolean(absent);
  }

  private static int number(String key) {
    return key.matches("[0-9]{1,9}") ? Integer.parseInt(key) : Integer.MAX_VALUE;
  }
}
