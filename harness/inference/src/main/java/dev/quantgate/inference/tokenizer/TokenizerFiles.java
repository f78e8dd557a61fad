package dev.quantgate.inference.tokenizer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The files of a folder that say how its text becomes tokens, read with a bound. */
final class TokenizerFiles {
  static final JsonMapper JSON = new JsonMapper();

  private static final int LIMIT = 256 << 20;
  private static final List<String> NAMES =
      List.of(
          "added_tokens.json",
          "chat_template.jinja",
          "chat_template.json",
          "special_tokens_map.json",
          "tokenizer.json",
          "tokenizer.model",
          "tokenizer_config.json");
  private static final List<String> NAMED_TOKENS =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  private final Path folder;
  private final Map<String, byte[]> contents = new LinkedHashMap<>();

  TokenizerFiles(Path folder) {
    this.folder = folder;
    for (String name : NAMES) {
      Path file = folder.resolve(name);
      if (Files.isRegularFile(file)) {
        try {
          if (Files.size(file) > LIMIT) {
            throw Refusal.damaged(file, "has more than " + LIMIT + " bytes");
          }
          contents.put(name, Files.readAllBytes(file));
        } catch (IOException e) {
          throw Refusal.unreadable(file, e);
        }
      }
    }
  }

  Path path(String name) {
    return folder.resolve(name);
  }

  Optional<byte[]> bytes(String name) {
    return Optional.ofNullable(contents.get(name));
  }

  Optional<String> text(String name) {
    return bytes(name).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
  }

  /** A JSON object, empty where there is no such file. */
  Optional<ObjectNode> json(String name) {
    return text(name)
        .map(text -> {
          try {
            if (JSON.readTree(text) instanceof ObjectNode object) {
              return object;
            }
          } catch (JacksonException e) {
            throw Refusal.damaged(path(name), "is no valid JSON: " + Refusal.firstLine(e));
          }
          throw Refusal.damaged(path(name), "expected a JSON object");
        });
  }

  ObjectNode config() {
    return json("tokenizer_config.json").orElseGet(JSON::createObjectNode);
  }

  /** A flag of tokenizer_config.json, empty where it is absent or null. */
  Optional<Boolean> flag(String key) {
    JsonNode value = config().get(key);
    if (value == null || value.isNull()) {
      return Optional.empty();
    }
    if (!value.isBoolean()) {
      throw Refusal.damaged(path("tokenizer_config.json"), "\"" + key + "\" must be true or false");
    }
    return Optional.of(value.booleanValue());
  }

  /**
   * The named special tokens (bos_token and so on): tokenizer_config.json, else
   * special_tokens_map.json.
   */
  Map<String, String> namedTokens() {
    Map<String, String> tokens = new LinkedHashMap<>();
    ObjectNode map = json("special_tokens_map.json").orElseGet(JSON::createObjectNode);
    ObjectNode config = config();
    for (String name : NAMED_TOKENS) {
      content(config.has(name) ? config.get(name) : map.get(name))
          .ifPresent(content -> tokens.put(name, content));
    }
    return tokens;
  }

  /** A token is written as its text or as an object with its content. */
  static Optional<String> content(@org.jspecify.annotations.Nullable JsonNode token) {
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
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      contents.forEach((name, bytes) -> {
        digest.update((name + "\0" + bytes.length + "\0").getBytes(StandardCharsets.UTF_8));
        digest.update(bytes);
      });
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
