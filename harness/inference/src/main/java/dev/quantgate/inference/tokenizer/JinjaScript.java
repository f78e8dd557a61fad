package dev.quantgate.inference.tokenizer;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.InferenceException.Kind;
import io.roastedroot.quickjs4j.core.Engine;
import io.roastedroot.quickjs4j.core.Runner;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import run.endive.runtime.ByteArrayMemory;
import run.endive.wasm.types.MemoryLimits;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Renders Jinja templates by the implementation that Hugging Face wrote for chat templates in
 * JavaScript (resource huggingface-jinja, MIT licence), inside QuickJS, inside WebAssembly, inside
 * this JVM. A template is somebody else's program: it sees no file and no network, and its time,
 * its memory and its output are bounded. What that implementation does not know is an error with
 * the name of what is missing, never a different text.
 */
final class JinjaScript {
  private static final String LIBRARY = "huggingface-jinja-0.5.11.js";
  private static final int BASE_TIME_MS = 20_000;
  private static final int TIME_MS_EACH = 250;
  private static final int MAX_PAGES = 4096; // of 64 KiB: 256 MiB
  private static final int MAX_OUTPUT = 16 << 20;

  /** Defines the library as a CommonJS module, renders, prints one line of JSON. */
  private static final String BEFORE = "var module={exports:{}};(function(module,exports){";

  private static final String AFTER =
      """
      })(module,module.exports);
      (function (job) {
        var set = module.exports.Environment.prototype.set;
        module.exports.Environment.prototype.set = function (name, value) {
          return name === "strftime_now" ? undefined : set.call(this, name, value);
        };
        var results = [];
        var size = 0;
        var template = null;
        try {
          template = new module.exports.Template(job.template);
        } catch (e) {
          results.push({ syntax: String(e && e.message) });
        }
        for (var i = 0; template !== null && i < job.contexts.length; i++) {
          try {
            var text = template.render(job.contexts[i]);
            if (typeof text !== "string") throw new Error("the template gives no text");
            size += text.length;
            if (size > LIMIT) throw new Error("the template gives too much text");
            results.push({ text: text });
          } catch (e) {
            results.push({ error: String(e && e.message) });
            break;
          }
        }
        console.log(JSON.stringify(results));
      })(JSON.parse(JOB));
      """;

  private JinjaScript() {}

  /** The renderings of {@code {"template", "contexts"}}; {@code file} is for messages. */
  static List<String> run(Path file, String job, int count) {
    String script =
        BEFORE
            + library()
            + AFTER
                .replace("LIMIT", Integer.toString(MAX_OUTPUT))
                .replace("JOB", TokenizerFiles.JSON.writeValueAsString(job));
    String output;
    try (Runner runner =
        Runner.builder()
            .withEngine(
                Engine.builder()
                    .withMemoryFactory(limits ->
                        new ByteArrayMemory(
                            new MemoryLimits(
                                limits.initialPages(), Math.min(limits.maximumPages(), MAX_PAGES))))
                    .build())
            .withTimeoutMs(BASE_TIME_MS + TIME_MS_EACH * Math.min(count, 10_000))
            .build()) {
      runner.compileAndExec(script);
      output = runner.stdout();
    } catch (RuntimeException e) {
      throw new InferenceException(
          Kind.UNSUPPORTED,
          file
              + ": the chat template did not come to an end within its time and memory: "
              + Refusal.firstLine(e),
          e);
    }
    return texts(file, output, count);
  }

  private static List<String> texts(Path file, String output, int count) {
    List<String> texts = new ArrayList<>();
    try {
      for (JsonNode result : TokenizerFiles.JSON.readTree(output)) {
        JsonNode text = result.get("text");
        if (text == null) {
          throw new InferenceException(
              result.has("syntax") ? Kind.UNSUPPORTED : Kind.ITEM,
              file
                  + ": the chat template cannot be rendered: "
                  + result
                      .path("syntax")
                      .asString(result.path("error").asString("no reason given")));
        }
        texts.add(text.stringValue());
      }
    } catch (JacksonException e) {
      throw new InferenceException(
          Kind.UNSUPPORTED, file + ": the chat template's renderer gave no answer", e);
    }
    if (texts.size() != count) {
      throw new InferenceException(
          Kind.UNSUPPORTED,
          file + ": the chat template's renderer gave " + texts.size() + " of " + count);
    }
    return List.copyOf(texts);
  }

  private static String library() {
    try (InputStream stream = JinjaScript.class.getResourceAsStream(LIBRARY)) {
      if (stream == null) {
        throw new IllegalStateException("the resource " + LIBRARY + " is missing from the program");
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
