package dev.quantgate.evaluation.record;

import dev.quantgate.base.Sha256;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.ScoringRequest;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Questions as text: for people to read and for hashes to compare. */
public final class Prompts {
  /** Between the texts of a question whose choices stand behind different ones. */
  private static final String SEPARATOR = "\u001e";

  private Prompts() {}

  /**
   * A line of prompts/{suite}.jsonl.
   *
   * @param prompt the rendered prompt; several texts are separated by U+001E
   * @param continuations what is scored behind it; empty where the model writes
   * @param check what a completion becomes a judged program with; empty for choices
   */
  public record Line(String id, String prompt, List<String> continuations, Optional<Check> check) {}

  /** What stands around a completion in its judged program, as {@link Key.Program} has it. */
  public record Check(String prelude, String prompt, String test, String entryPoint) {
    static Optional<Check> of(Key key) {
      return key instanceof Key.Program program
          ? Optional.of(
              new Check(program.prelude(), program.prompt(), program.test(), program.entryPoint()))
          : Optional.empty();
    }
  }

  /** The line of a question asked by one of its forms. */
  public static Line line(Question question, Request request, Function<Prompt, String> render) {
    return new Line(
        question.id(), text(request, render), continuations(request), Check.of(question.key()));
  }

  /** The rendered prompt of a request. */
  public static String text(Request request, Function<Prompt, String> render) {
    return request.prompts().map(render).collect(Collectors.joining(SEPARATOR));
  }

  private static List<String> continuations(Request request) {
    return switch (request) {
      case Request.Generate generate -> List.of();
      case Request.Choose choose ->
          choose.requests().stream().flatMap(scoring -> scoring.continuations().stream()).toList();
    };
  }

  /** A hash over everything that is asked, forms for short contexts included. */
  public static String hash(List<Question> questions) {
    var hash = new Sha256();
    for (Question question : questions) {
      hash.add(question.id());
      for (Request request : question.requests()) {
        switch (request) {
          case Request.Generate generate -> {
            hash.add("generate");
            add(hash, generate.prompt());
          }
          case Request.Choose choose -> {
            hash.add("choose").add(choose.rule().name());
            for (ScoringRequest scoring : choose.requests()) {
              add(hash, scoring.prompt());
              hash.add(scoring.join().name()).add(scoring.detail().name());
              scoring.continuations().forEach(hash::add);
            }
          }
        }
      }
    }
    return hash.hex();
  }

  private static void add(Sha256 hash, Prompt prompt) {
    switch (prompt) {
      case Prompt.Text text -> hash.add("text").add(text.prefix()).add(text.rest());
      case Prompt.Tokens tokens ->
          hash.add("tokens").add(tokens.ids()).add(Integer.toString(tokens.prefixLength()));
      case Prompt.Chat chat -> {
        hash.add("chat").add(chat.answerBegin());
        chat.messages().forEach(message -> hash.add(message.role()).add(message.content()));
      }
    }
  }

  /**
   * How texts are generated, in words that are equal exactly when the decoding is.
   *
   * @param seed of the run, which the seed of each sampled text follows from
   */
  public static String describe(Decoding decoding, long seed) {
    var words = new StringBuilder();
    words.append(
        decoding.temperature() == 0
            ? "greedy"
            : String.format(
                Locale.ROOT,
                "temperature %s, top-p %s, seed %d",
                decoding.temperature(),
                decoding.topP(),
                seed));
    words.append(", at most ").append(decoding.maxNewTokens()).append(" tokens");
    words.append(decoding.stopAtEos() ? ", eos stops" : ", eos does not stop");
    if (!decoding.stop().isEmpty()) {
      words.append(", stop ").append(Json.lines().writeValueAsString(decoding.stop()));
    }
    return words.toString();
  }
}
