package dev.quantgate.inference.tokenizer;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Spaces that a tokenizer.json puts before a text, and what tokenizer_config.json says about them
 * ({@code add_prefix_space}), as transformers 5 heeds it: by the class of the tokenizer, and for
 * the plain fast one not at all.
 */
final class Spacing {
  private static final String FLAG = "add_prefix_space";
  private static final List<String> FRONT = List.of("normalizer", "pre_tokenizer");
  private static final List<String> LISTS = List.of("normalizers", "pretokenizers");

  private Spacing() {}

  /** Changes a tokenizer.json to what the folder's tokenizer_config.json asks for. */
  static void apply(TokenizerFiles files, ObjectNode json) {
    requireAnswersAsTheyAre(files, json.path("model").path("type").asString(""));
    Optional<Boolean> wanted = files.flag(FLAG);
    switch (files.spacingClass()) {
      case "GPT2Tokenizer", "Qwen2Tokenizer" ->
          byteLevels(json.path("pre_tokenizer"))
              .forEach(part -> part.put(FLAG, wanted.orElse(false)));
      case "LlamaTokenizer", "CodeLlamaTokenizer" -> {
        boolean spells = byteLevels(json.path("decoder")).findAny().isEmpty();
        if (spells && wanted.isPresent()) {
          applyToPieces(files, json, wanted.get());
        }
      }
      default -> {}
    }
  }

  private static void applyToPieces(TokenizerFiles files, ObjectNode json, boolean wanted) {
    if (!wanted) {
      remove(json);
      removeFromAnswers(json);
      return;
    }
    ObjectNode front = TokenizerFiles.JSON.createObjectNode();
    FRONT.forEach(part -> front.set(part, json.path(part).deepCopy()));
    if (!remove(front)) {
      throw Refusal.damaged(
          files.path("tokenizer_config.json"),
          "\"%s\": true, but nothing in tokenizer.json puts a space before a text".formatted(FLAG));
    }
  }

  /** Byte-level BPE's answers are left alone unless a second flag insists; all others are not. */
  private static void requireAnswersAsTheyAre(TokenizerFiles files, String model) {
    String insists = "clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output";
    if (files.flag("clean_up_tokenization_spaces").orElse(false)
        && (!model.equals("BPE") || files.flag(insists).orElse(false))) {
      throw Refusal.unsupported(
          files.path("tokenizer_config.json"),
          "\"clean_up_tokenization_spaces\": true takes spaces out of answers and is not supported");
    }
  }

  private static Stream<ObjectNode> byteLevels(JsonNode component) {
    Stream<ObjectNode> inner =
        component.valueStream().filter(JsonNode::isContainer).flatMap(Spacing::byteLevels);
    return component instanceof ObjectNode object
            && object.path("type").asString("").equals("ByteLevel")
        ? Stream.concat(Stream.of(object), inner)
        : inner;
  }

  /** Turns off whatever puts a space before a text. Returns whether there was anything. */
  static boolean remove(ObjectNode json) {
    boolean changed = false;
    for (String part : FRONT) {
      changed |= remove(json.get(part), json, part);
    }
    return changed;
  }

  private static boolean remove(@Nullable JsonNode component, ObjectNode parent, String key) {
    if (!(component instanceof ObjectNode object)) {
      return false;
    }
    boolean changed = false;
    switch (object.path("type").asString("")) {
      case "Prepend" -> {
        parent.putNull(key);
        changed = true;
      }
      case "Metaspace" -> {
        changed = !object.path("prepend_scheme").asString("always").equals("never");
        object.put("prepend_scheme", "never");
        object.remove(FLAG);
      }
      case "ByteLevel" -> {
        changed = object.path(FLAG).asBoolean(true);
        object.put(FLAG, false);
      }
      case "Sequence" -> {
        for (String list : LISTS) {
          if (object.get(list) instanceof ArrayNode inner) {
            for (int i = inner.size() - 1; i >= 0; i--) {
              if (inner.get(i).path("type").asString("").equals("Prepend")) {
                inner.remove(i);
                changed = true;
              } else {
                changed |= remove(inner.get(i), object, list);
              }
            }
          }
        }
      }
      default -> {}
    }
    return changed;
  }

  /** Where no space was put before a text, none is taken from the beginning of an answer. */
  private static void removeFromAnswers(ObjectNode json) {
    remove(json.get("decoder"), json, "decoder");
    if (json.path("decoder").get("decoders") instanceof ArrayNode decoders) {
      for (int i = decoders.size() - 1; i >= 0; i--) {
        if (decoders.get(i).path("type").asString("").equals("Strip")) {
          decoders.remove(i);
        } else {
          remove(decoders.get(i), json, "decoder");
        }
      }
    }
  }
}
