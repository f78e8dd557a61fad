package dev.quantgate.inference.tokenizer;

import dev.quantgate.guest.GuestImage;
import dev.quantgate.guest.GuestProgram;
import dev.quantgate.guest.GuestPython;
import dev.quantgate.guest.GuestThread;
import dev.quantgate.guest.GuestWorld;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.InferenceException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Renders chat templates by jinja2 itself, in CPython, in WebAssembly, in this JVM, with the
 * settings of transformers: the same text to the last character. A template is somebody else's
 * program: jinja2's immutable sandbox keeps it from CPython, WebAssembly keeps CPython from files
 * and network, and its time, memory and output are bounded.
 *
 * <p>To import jinja2 takes this interpreter seconds, so the memory of one that has done it is kept
 * in the user's cache and copied for every call; nothing that a template does outlives its call.
 *
 * <p>A call renders any number of conversations by one interpreter, which gets them in parts of
 * about {@value #PART} characters. What a template may take grows with what is asked: a text may
 * have {@value #MOST_TEXT} characters; all texts of a call together {@value #MOST_BESIDE}, {@value
 * #MOST_EACH} for each conversation, and {@value #MOST_TIMES} times the conversations' own; a part
 * may take 20 s of processor time and 0.1 s for each conversation in it.
 */
final class ChatRenderer {
  /** What jinja2 says of a template that asks for the day where none was given. */
  private static final String NO_DAY = "UndefinedError: 'strftime_now' is undefined";

  private static final String HINT =
      "\nIt asks for the day: say one, such as --chat-date 2026-07-26";

  private static final String WHEEL = "jinja2-3.1.6-py3-none-any.whl";
  private static final String MARKUPSAFE = "markupsafe-3.0.3";

  /** What a template may take, besides the interpreter's stack. */
  private static final long MOST_BYTES = 192L << 20;

  /** After how many characters, in or out, a part ends. */
  private static final int PART = 1 << 20;

  private static final int MOST_TEXT = 4 << 20;
  private static final long MOST_BESIDE = 16 << 20;
  private static final long MOST_EACH = 16 << 10;
  private static final long MOST_TIMES = 4;
  private static final int SHOWN = 60;

  private static final Duration PREPARING = Duration.ofMinutes(5);
  private static final Duration BASE_TIME = Duration.ofSeconds(20);
  private static final Duration TIME_EACH = Duration.ofMillis(100);

  private static @Nullable GuestImage prepared;

  private ChatRenderer() {}

  /**
   * The renderings of {@code {"template", "contexts", "date"}}, the last of which may be absent.
   *
   * @param file the template's, for messages
   */
  static List<String> render(Path file, ObjectNode job) {
    return render(file, job, BASE_TIME);
  }

  static List<String> render(Path file, ObjectNode job, Duration baseTime) {
    JsonNode contexts = job.path("contexts");
    List<String> texts = new ArrayList<>();
    long asked = 0;
    long given = 0;
    GuestImage image = image(file);
    var python = new GuestPython(MOST_BYTES);
    while (texts.size() < contexts.size()) {
      List<JsonNode> part = part(contexts, texts.size());
      ObjectNode order = order(job, part);
      byte[] answer =
          bounded(
              file,
              baseTime.plus(TIME_EACH.multipliedBy(part.size())),
              () -> {
                python.reset(image, GuestWorld.STILL);
                return python.call(
                    RustCodec.wellFormed(order.toString()).getBytes(StandardCharsets.UTF_8));
              });
      for (String text : texts(file, answer, part)) {
        asked += contexts.get(texts.size()).toString().length();
        given += text.length();
        texts.add(text);
      }
      requireModest(file, texts.size(), asked, given);
    }
    return List.copyOf(texts);
  }

  /** The contexts from one on that go to the interpreter together; at least that one. */
  private static List<JsonNode> part(JsonNode contexts, int from) {
    List<JsonNode> part = new ArrayList<>();
    for (int i = from, size = 0; i < contexts.size() && size < PART; i++) {
      part.add(contexts.get(i));
      size += contexts.get(i).toString().length();
    }
    return part;
  }

  private static ObjectNode order(ObjectNode job, List<JsonNode> part) {
    ObjectNode order = TokenizerFiles.JSON.createObjectNode();
    order.setAll(job);
    order.putArray("contexts").addAll(part);
    return order.put("most", MOST_TEXT).put("enough", PART);
  }

  private static void requireModest(Path file, int count, long asked, long given) {
    long most = MOST_BESIDE + count * MOST_EACH + MOST_TIMES * asked;
    if (given > most) {
      throw new InferenceException(
          Kind.UNSUPPORTED,
          "%s: the chat template makes texts of %d characters in all of %d conversations of %d; at most %d are taken"
              .formatted(file, given, count, asked, most));
    }
  }

  /** The texts of a part's first conversations; at least one. */
  private static List<String> texts(Path file, byte[] answer, List<JsonNode> part) {
    List<String> texts = new ArrayList<>();
    try {
      for (JsonNode result : TokenizerFiles.JSON.readTree(answer)) {
        JsonNode text = result.get("text");
        if (text == null || texts.size() == part.size()) {
          throw refusal(file, result, part.get(Math.min(texts.size(), part.size() - 1)));
        }
        texts.add(text.stringValue());
      }
    } catch (JacksonException e) {
      throw noAnswer(file, e);
    }
    if (texts.isEmpty()) {
      throw noAnswer(file, null);
    }
    return texts;
  }

  private static InferenceException refusal(Path file, JsonNode result, JsonNode context) {
    if (result.has("characters")) {
      String begin = context.path("messages").path(0).path("content").asString("");
      return new InferenceException(
          Kind.ITEM,
          "%s: the chat template makes a text of %d characters of the conversation that begins \"%s\"; at most %d are taken"
              .formatted(
                  file,
                  result.get("characters").asLong(),
                  Refusal.plain(begin.substring(0, Math.min(begin.length(), SHOWN))),
                  MOST_TEXT));
    }
    boolean syntax = result.has("syntax");
    String reason = result.path(syntax ? "syntax" : "error").asString("no reason given");
    return new InferenceException(
        syntax ? Kind.UNSUPPORTED : Kind.ITEM,
        "%s: the chat template cannot be rendered: %s%s"
            .formatted(file, Refusal.plain(reason), reason.equals(NO_DAY) ? HINT : ""));
  }

  private static InferenceException noAnswer(Path file, @Nullable Throwable cause) {
    String message = "%s: the chat template's renderer gave no answer".formatted(file);
    return cause == null
        ? new InferenceException(Kind.UNSUPPORTED, message)
        : new InferenceException(Kind.UNSUPPORTED, message, cause);
  }

  /** Does something on a thread of a guest's own, for a bounded time. */
  private static <T> T bounded(Path file, Duration time, Callable<T> work) {
    try {
      return GuestThread.within(time, "chat-template", work);
    } catch (TimeoutException e) {
      throw new InferenceException(
          Kind.UNSUPPORTED,
          "%s: the chat template did not come to an end within %d s of processor time"
              .formatted(file, time.toSeconds()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InferenceException(Kind.INTERRUPTED, "stopped", e);
    } catch (ExecutionException e) {
      throw new InferenceException(
          Kind.UNSUPPORTED,
          "%s: the chat template's renderer ran out of memory or stack: %s"
              .formatted(file, Refusal.firstLine(e.getCause() == null ? e : e.getCause())),
          e);
    }
  }

  private static synchronized GuestImage image(Path file) {
    if (prepared == null) {
      ObjectNode first = TokenizerFiles.JSON.createObjectNode();
      first.set("sources", sources());
      var program =
          new GuestProgram(
              new TreeMap<>(Map.of("guest.py", resource("guest.py"))),
              first.toString().getBytes(StandardCharsets.UTF_8));
      prepared = bounded(file, PREPARING, () -> GuestImage.of(program, program.file()));
    }
    return prepared;
  }

  /** The sources of jinja2, out of its wheel, and of markupsafe, by path. */
  private static ObjectNode sources() {
    ObjectNode sources = TokenizerFiles.JSON.createObjectNode();
    try (ZipInputStream wheel = new ZipInputStream(open(WHEEL))) {
      for (ZipEntry entry = wheel.getNextEntry(); entry != null; entry = wheel.getNextEntry()) {
        if (entry.getName().endsWith(".py")) {
          sources.put(entry.getName(), new String(wheel.readAllBytes(), StandardCharsets.UTF_8));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (String name : List.of("__init__.py", "_native.py")) {
      sources.put(
          "markupsafe/%s".formatted(name),
          new String(resource("%s/%s".formatted(MARKUPSAFE, name)), StandardCharsets.UTF_8));
    }
    return sources;
  }

  private static byte[] resource(String name) {
    try (InputStream in = open(name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream open(String name) {
    InputStream in = ChatRenderer.class.getResourceAsStream("jinja/%s".formatted(name));
    if (in == null) {
      throw new IllegalStateException(
          "the resource %s is missing from the program".formatted(name));
    }
    return in;
  }
}
