package dev.quantgate.inference.tokenizer;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a token stands for in the middle of a text, derived from the decoder of tokenizer.json. A
 * decoder that treats a token by its neighbours in any other way than at the beginning of the text
 * is refused.
 */
final class TokenBytes {
  private static final String SPACE_MARK = "\u2581";

  private TokenBytes() {}

  /** From a token's letters to its bytes. */
  static Function<String, byte[]> of(Path file, @Nullable JsonNode decoder) {
    if (decoder == null || decoder.isNull()) {
      // Without a decoder tokens are joined by spaces.
      return token -> (" " + token).getBytes(StandardCharsets.UTF_8);
    }
    List<Step> steps = new ArrayList<>();
    collect(file, decoder, steps);
    return token -> {
      String text = token;
      for (Step step : steps) {
        Optional<byte[]> bytes = step.bytes(text);
        if (bytes.isPresent()) {
          return bytes.get();
        }
        text = step.text(text);
      }
      return text.getBytes(StandardCharsets.UTF_8);
    };
  }

  private static void collect(Path file, JsonNode decoder, List<Step> steps) {
    String type = decoder.path("type").asString("");
    switch (type) {
      case "Sequence" -> decoder.path("decoders").forEach(inner -> collect(file, inner, steps));
      case "ByteLevel" -> steps.add(new Step.Letters());
      case "ByteFallback" -> steps.add(new Step.Fallback());
      case "Metaspace" ->
          steps.add(new Step.Replace(decoder.path("replacement").asString(SPACE_MARK), " "));
      case "Replace" -> {
        JsonNode pattern = decoder.path("pattern").path("String");
        if (!pattern.isString() || pattern.stringValue().isEmpty()) {
          throw Refusal.unsupported(
              file, "decoder Replace with a regular expression is not supported");
        }
        steps.add(new Step.Replace(pattern.stringValue(), decoder.path("content").asString("")));
      }
      case "Fuse" -> {}
      case "Strip" -> {
        if (decoder.path("stop").asInt(0) != 0) {
          throw Refusal.unsupported(file, "decoder Strip at the end of a text is not supported");
        }
      }
      default -> throw Refusal.unsupported(file, "decoder \"%s\" is not supported".formatted(type));
    }
  }

  private sealed interface Step {
    /** The final bytes, where this step knows them. */
    default Optional<byte[]> bytes(String token) {
      return Optional.empty();
    }

    default String text(String token) {
      return token;
    }

    record Letters() implements Step {
      @Override
      public Optional<byte[]> bytes(String token) {
        return Optional.of(ByteLevel.bytes(token));
      }
    }

    record Fallback() implements Step {
      @Override
      public Optional<byte[]> bytes(String token) {
        return token.matches("<0x[0-9A-Fa-f]{2}>")
            ? Optional.of(new byte[] {(byte) Integer.parseInt(token.substring(3, 5), 16)})
            : Optional.empty();
      }
    }

    record Replace(String from, String to) implements Step {
      @Override
      public String text(String token) {
        return token.replace(from, to);
      }
    }
  }
}
