package dev.quantgate.inference.tokenizer;

import dev.quantgate.base.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The files of a folder that say how its text becomes tokens, read with a bound. */
final class TokenizerFiles {
  static final JsonMapper JSON = new JsonMapper();

  private static final int LIMIT = 256 << 20;
  private static final String TEMPLATE = "chat_template.jinja";

  /** Says which model it is; no part of the tokenizer, so not of its sum. */
  private static final String MODEL = "config.json";

  private static final List<String> NAMES =
      List.of(
          "added_tokens.json",
          TEMPLATE,
          "chat_template.json",
          "special_tokens_map.json",
          "tokenizer.json",
          "tokenizer.model",
          "tokenizer_config.json");

  /** The folder of templates beside chat_template.jinja, each named by its file. */
  static final String TEMPLATES = "additional_chat_templates";

  private static final String TEMPLATE_ENDING = ".jinja";
  private static final int MOST_TEMPLATES = 100;

  private static final List<String> NAMED_TOKENS =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  private static final String QWEN2 = "Qwen2Tokenizer";

  private static final Map<String, String> LLAMA =
      Map.of("bos_token", "<s>", "eos_token", "</s>", "unk_token", "<unk>");

  /** The named tokens that a class has where no file says any; without its ending "Fast". */
  private static final Map<String, Map<String, String>> CLASS_TOKENS =
      Map.of(
          "LlamaTokenizer",
          LLAMA,
          "CodeLlamaTokenizer",
          LLAMA,
          "GemmaTokenizer",
          Map.of(
              "bos_token", "<bos>",
              "eos_token", "<eos>",
              "unk_token", "<unk>",
              "pad_token", "<pad>"),
          "GPT2Tokenizer",
          Map.of(
              "bos_token", "<|endoftext|>",
              "eos_token", "<|endoftext|>",
              "unk_token", "<|endoftext|>"),
          QWEN2,
          Map.of(
              "eos_token", "<|endoftext|>",
              "unk_token", "<|endoftext|>",
              "pad_token", "<|endoftext|>"));

  private final Path folder;
  private final Map<String, byte[]> contents = new LinkedHashMap<>();
  private @Nullable ObjectNode config;
  private @Nullable String modelType;

  TokenizerFiles(Path folder) {
    this.folder = folder;
    Stream.concat(NAMES.stream(), templatesBeside().stream())
        .forEach(name -> read(name).ifPresent(bytes -> contents.put(name, bytes)));
  }

  private Optional<byte[]> read(String name) {
    Path file = folder.resolve(name);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    if (!Files.isRegularFile(file)) {
      throw Refusal.damaged(file, "is no regular file, so it is not read");
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(LIMIT + 1);
      if (bytes.length > LIMIT) {
        throw Refusal.damaged(file, "has more than %d bytes".formatted(LIMIT));
      }
      return Optional.of(bytes);
    } catch (IOException e) {
      throw Refusal.unreadable(file, e);
    }
  }

  private List<String> templatesBeside() {
    Path beside = folder.resolve(TEMPLATES);
    if (!Files.isDirectory(beside)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(beside)) {
      List<String> names =
          files
              .map(file -> "%s/%s".formatted(TEMPLATES, file.getFileName()))
              .filter(name -> name.endsWith(TEMPLATE_ENDING))
              .limit(MOST_TEMPLATES + 1)
              .sorted()
              .toList();
      if (names.size() > MOST_TEMPLATES) {
        throw Refusal.damaged(beside, "has more than %d templates".formatted(MOST_TEMPLATES));
      }
      return names;
    } catch (IOException e) {
      throw Refusal.unreadable(beside, e);
    }
  }

  /** The files that hold one chat template each, by the templates' names. */
  Map<String, String> templateFiles() {
    Map<String, String> files = new TreeMap<>();
    if (contents.containsKey(TEMPLATE)) {
      files.put(ChatTemplate.DEFAULT, TEMPLATE);
    }
    for (String file : contents.keySet()) {
      if (file.startsWith(TEMPLATES)) {
        files.put(
            file.substring(TEMPLATES.length() + 1, file.length() - TEMPLATE_ENDING.length()), file);
      }
    }
    return files;
  }

  Path path(String name) {
    return folder.resolve(name);
  }

  Optional<byte[]> bytes(String name) {
    return Optional.ofNullable(contents.get(name));
  }

  /** A file's text: other bytes than UTF-8 are no text that a template could have meant. */
  Optional<String> text(String name) {
    return bytes(name).map(bytes -> text(name, bytes));
  }

  private String text(String name, byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw Refusal.damaged(path(name), "is not UTF-8");
    }
  }

  /** A JSON object, empty where there is no such file. */
  Optional<ObjectNode> json(String name) {
    return bytes(name).map(bytes -> object(name, bytes));
  }

  private ObjectNode object(String name, byte[] bytes) {
    try {
      if (JSON.readTree(text(name, bytes)) instanceof ObjectNode object) {
        return object;
      }
    } catch (JacksonException e) {
      throw Refusal.damaged(path(name), "is no valid JSON: %s".formatted(Refusal.firstLine(e)));
    }
    throw Refusal.damaged(path(name), "expected a JSON object");
  }

  /** tokenizer_config.json, empty where there is none; not to be changed. */
  ObjectNode config() {
    if (config == null) {
      config = json("tokenizer_config.json").orElseGet(JSON::createObjectNode);
    }
    return config;
  }

  /** A flag of tokenizer_config.json, empty where it is absent or null. */
  Optional<Boolean> flag(String key) {
    JsonNode value = config().get(key);
    if (value == null || value.isNull()) {
      return Optional.empty();
    }
    if (!value.isBoolean()) {
      throw Refusal.damaged(
          path("tokenizer_config.json"), "\"%s\" must be true or false".formatted(key));
    }
    return Optional.of(value.booleanValue());
  }

  /** The texts of the special tokens that have a name, such as bos_token. */
  Map<String, String> namedTokens() {
    Map<String, String> tokens = new LinkedHashMap<>();
    named()
        .forEach((name, token) -> content(token).ifPresent(content -> tokens.put(name, content)));
    return tokens;
  }

  /**
   * The named tokens of the folder's tokenizer class that no file says otherwise. A vocabulary need
   * not have them.
   */
  Map<String, String> assumedTokens() {
    Map<String, String> tokens =
        new TreeMap<>(CLASS_TOKENS.getOrDefault(tokenizerClass(), Map.of()));
    tokens.keySet().removeIf(key -> special(key) != null);
    return tokens;
  }

  /**
   * The class that transformers takes the folder's tokenizer for, without its ending "Fast": what
   * the files say, but always Qwen2's for Qwen2, and for Qwen3 where they say nothing.
   */
  private String tokenizerClass() {
    String named = config().path("tokenizer_class").asString("").replaceFirst("Fast$", "");
    return switch (modelType()) {
      case "qwen2" -> QWEN2;
      case "qwen3" -> named.isEmpty() ? QWEN2 : named;
      default -> named;
    };
  }

  /** The class whose rules about spaces count; of Mistral's folders none does. */
  String spacingClass() {
    return modelType().equals("mistral") ? "" : tokenizerClass();
  }

  private String modelType() {
    if (modelType == null) {
      modelType =
          read(MODEL).map(bytes -> object(MODEL, bytes).path("model_type").asString("")).orElse("");
    }
    return modelType;
  }

  /** All special tokens by their text: the named ones, then extra_special_tokens. */
  Map<String, JsonNode> specialTokens() {
    Map<String, JsonNode> tokens = new LinkedHashMap<>();
    Stream.concat(named().values().stream(), extras().valueStream())
        .forEach(token -> content(token).ifPresent(content -> tokens.putIfAbsent(content, token)));
    return tokens;
  }

  private Map<String, JsonNode> named() {
    Map<String, JsonNode> tokens = new LinkedHashMap<>();
    for (String name : NAMED_TOKENS) {
      JsonNode token = special(name);
      if (token != null) {
        tokens.put(name, token);
      }
    }
    assumedTokens()
        .forEach((name, token) -> tokens.put(name, JSON.getNodeFactory().stringNode(token)));
    modelTokens().forEach(tokens::putIfAbsent);
    return tokens;
  }

  /**
   * Tokens with names of the model's own, such as image_token: entries of tokenizer_config.json
   * that are called so, and those that it lists with names.
   */
  private Map<String, JsonNode> modelTokens() {
    Map<String, JsonNode> objects = new LinkedHashMap<>();
    Map<String, JsonNode> texts = new LinkedHashMap<>();
    Stream.of(config(), tokensMap())
        .flatMap(file -> file.properties().stream())
        .filter(entry ->
            entry.getKey().endsWith("_token")
                && !NAMED_TOKENS.contains(entry.getKey())
                && content(entry.getValue()).isPresent())
        .forEach(entry ->
            (entry.getValue().isObject() ? objects : texts).put(entry.getKey(), entry.getValue()));
    if (extras().isObject()) {
      extras().properties().forEach(entry -> texts.put(entry.getKey(), entry.getValue()));
    }
    if (texts.isEmpty()) {
      config()
          .path("model_specific_special_tokens")
          .properties()
          .forEach(entry -> texts.put(entry.getKey(), entry.getValue()));
    }
    objects.putAll(texts);
    return objects;
  }

  /** A list of tokens, or an object of tokens with names; older files spell the key otherwise. */
  private JsonNode extras() {
    JsonNode extra = special("extra_special_tokens");
    if (extra == null || extra.isEmpty()) {
      extra = special("additional_special_tokens");
    }
    return extra == null ? JSON.createArrayNode() : extra;
  }

  /**
   * An entry of special_tokens_map.json, which wins beside the older kind of tokenizer_config.json
   * that declares no added tokens and does not count beside the newer, else of that config.
   */
  private @Nullable JsonNode special(String key) {
    JsonNode mapped = tokensMap().get(key);
    return mapped == null ? config().get(key) : mapped;
  }

  /** special_tokens_map.json, empty where it does not count. */
  private ObjectNode tokensMap() {
    if (config().has("added_tokens_decoder")) {
      return JSON.createObjectNode();
    }
    return json("special_tokens_map.json").orElseGet(JSON::createObjectNode);
  }

  /** A token is written as its text or as an object with its content. */
  static Optional<String> content(@Nullable JsonNode token) {
    if (token == null) {
      return Optional.empty();
    }
    JsonNode content = token.isObject() ? token.get("content") : token;
    return content != null && content.isString()
        ? Optional.of(content.stringValue())
        : Optional.empty();
  }

  /** Over name and content of every file that was found. */
  String sha256() {
    MessageDigest digest = Sha256.digest();
    contents.forEach((name, bytes) -> {
      digest.update("%s\0%d\0".formatted(name, bytes.length).getBytes(StandardCharsets.UTF_8));
      digest.update(bytes);
    });
    return HexFormat.of().formatHex(digest.digest());
  }
}
