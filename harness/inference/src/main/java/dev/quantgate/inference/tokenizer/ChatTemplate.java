package dev.quantgate.inference.tokenizer;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.InferenceException.Kind;
import dev.quantgate.inference.Prompt;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A folder's chat template: chat_template.jinja or one of additional_chat_templates, else the one
 * in tokenizer_config.json, else the one in chat_template.json, which is a processor's; of several
 * with names the one named "default". It sees what transformers shows it: messages,
 * add_generation_prompt, tools and documents (none), and the named special tokens. The day ({@code
 * strftime_now}) is undefined unless it is given, so that the same messages always give the same
 * text: a template falls back to the date that its author wrote into it, or is refused.
 */
final class ChatTemplate {
  /** What a template is called that has no name. */
  static final String DEFAULT = "default";

  private final Path file;
  private final Optional<String> source;
  private final Set<String> otherNames;
  private final Map<String, String> namedTokens;
  private final Optional<LocalDate> date;
  private final RenderedChats known = new RenderedChats();

  private ChatTemplate(
      Path file,
      Optional<String> source,
      Set<String> otherNames,
      Map<String, String> namedTokens,
      Optional<LocalDate> date) {
    this.file = file;
    this.source = source;
    this.otherNames = otherNames;
    this.namedTokens = namedTokens;
    this.date = date;
  }

  static ChatTemplate of(TokenizerFiles files, Optional<LocalDate> date) {
    Map<String, String> named = new LinkedHashMap<>(files.namedTokens());
    Map<String, String> ownFiles = files.templateFiles();
    if (!ownFiles.isEmpty()) {
      String file = ownFiles.getOrDefault(DEFAULT, TokenizerFiles.TEMPLATES);
      return new ChatTemplate(files.path(file), files.text(file), ownFiles.keySet(), named, date);
    }
    for (String name : List.of("tokenizer_config.json", "chat_template.json")) {
      Map<String, JsonNode> templates =
          files.json(name).map(json -> byName(json.path("chat_template"))).orElse(Map.of());
      if (!templates.isEmpty()) {
        Path file = files.path(name);
        Optional<String> source =
            Optional.ofNullable(templates.get(DEFAULT)).map(each -> text(file, each));
        return new ChatTemplate(file, source, templates.keySet(), named, date);
      }
    }
    return new ChatTemplate(
        files.path("tokenizer_config.json"), Optional.empty(), Set.of(), named, date);
  }

  /** One template, or several as a list of objects or as an object by name. */
  private static Map<String, JsonNode> byName(JsonNode value) {
    Map<String, JsonNode> templates = new TreeMap<>();
    if (value.isObject()) {
      value.properties().forEach(entry -> templates.put(entry.getKey(), entry.getValue()));
    } else if (value.isArray()) {
      for (JsonNode entry : value) {
        templates.put(entry.path("name").asString(""), entry.path("template"));
      }
    } else if (!value.isMissingNode() && !value.isNull()) {
      templates.put(DEFAULT, value);
    }
    return templates;
  }

  private static String text(Path file, JsonNode template) {
    if (!template.isString()) {
      throw Refusal.damaged(
          file,
          "\"chat_template\" must be a text, or texts with names, not %s"
              .formatted(
                  template.isMissingNode() ? "nothing" : Refusal.plain(template.toString())));
    }
    return template.stringValue();
  }

  boolean isPresent() {
    return source.isPresent();
  }

  /**
   * Renders each conversation, those that were not rendered before by one start of the interpreter;
   * the first that fails fails the call.
   */
  List<String> render(List<List<Prompt.Message>> conversations, boolean openAnswer) {
    String template =
        source.orElseThrow(() ->
            new InferenceException(
                Kind.UNSUPPORTED,
                otherNames.isEmpty()
                    ? "%s: has no chat template, so it cannot be asked by messages"
                        .formatted(file.getParent())
                    : "%s: names the chat templates %s, none of them \"default\", so it cannot be asked by messages"
                        .formatted(file, Refusal.plain(String.join(", ", otherNames)))));
    Map<List<Prompt.Message>, String> texts = new HashMap<>();
    Set<List<Prompt.Message>> fresh = new LinkedHashSet<>();
    for (List<Prompt.Message> conversation : conversations) {
      known
          .find(conversation, openAnswer)
          .ifPresentOrElse(text -> texts.put(conversation, text), () -> fresh.add(conversation));
    }
    if (!fresh.isEmpty()) {
      Iterator<String> rendered =
          ChatRenderer.render(file, job(template, fresh, openAnswer)).iterator();
      for (List<Prompt.Message> conversation : fresh) {
        String text = rendered.next();
        known.keep(conversation, openAnswer, text);
        texts.put(conversation, text);
      }
    }
    return conversations.stream().map(texts::get).toList();
  }

  private ObjectNode job(
      String template, Collection<List<Prompt.Message>> conversations, boolean openAnswer) {
    ObjectNode job = TokenizerFiles.JSON.createObjectNode();
    job.put("template", template);
    ArrayNode contexts = job.putArray("contexts");
    for (List<Prompt.Message> conversation : conversations) {
      ObjectNode context = contexts.addObject();
      namedTokens.forEach(context::put);
      ArrayNode messages = context.putArray("messages");
      for (Prompt.Message message : conversation) {
        messages.addObject().put("role", message.role()).put("content", message.content());
      }
      context.put("add_generation_prompt", openAnswer);
      context.putNull("tools");
      context.putNull("documents");
    }
    date.ifPresent(day -> job.put("date", day.toString()));
    return job;
  }
}
