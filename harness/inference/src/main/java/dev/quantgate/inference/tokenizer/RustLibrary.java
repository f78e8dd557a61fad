package dev.quantgate.inference.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.quantgate.base.UserCache;
import dev.quantgate.inference.InferenceException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/**
 * The Rust tokenizers library, by way of DJL. Its settings are system properties, which must stand
 * before its first class is loaded: never ask the network, never look for another flavour of the
 * native library, and unpack it in the user's cache. A user's own settings are left alone.
 */
final class RustLibrary {
  static {
    setting("ai.djl.offline", "true");
    setting("RUST_FLAVOR", "cpu");
    if (System.getenv("DJL_CACHE_DIR") == null) {
      setting("DJL_CACHE_DIR", UserCache.folder("djl").toString());
    }
  }

  private static final Map<String, String> OPTIONS =
      Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "true");

  private RustLibrary() {}

  /** A tokenizer from the content of a tokenizer.json; {@code file} is for messages. */
  static NativeTokenizer open(Path file, String json) {
    try {
      return new InProcessTokenizer(
          HuggingFaceTokenizer.newInstance(
              new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), OPTIONS));
    } catch (IOException | RuntimeException e) {
      throw Refusal.damaged(
          file, "is refused by the tokenizers library: %s".formatted(Refusal.firstLine(e)));
    } catch (LinkageError e) {
      throw new InferenceException(
          InferenceException.Kind.NO_ENGINE,
          "the tokenizers library does not run on %s %s: %s"
              .formatted(
                  System.getProperty("os.name"),
                  System.getProperty("os.arch"),
                  Refusal.firstLine(e)),
          e);
    }
  }

  private static void setting(String key, String value) {
    if (System.getProperty(key) == null) {
      System.setProperty(key, value);
    }
  }
}
