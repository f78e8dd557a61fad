package dev.quantgate.evaluation;

import dev.quantgate.inference.Capabilities;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Generation;
import dev.quantgate.inference.GenerationQueue;
import dev.quantgate.inference.GenerationRequest;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.ModelIdentity;
import dev.quantgate.inference.Outcome;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.RenderedPrompt;
import dev.quantgate.inference.Score;
import dev.quantgate.inference.ScoringRequest;
import dev.quantgate.inference.Telemetry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * A model that plays a script. Its tokens are characters, its context ends its answers; its results
 * come in an order of their own, as a real engine's do.
 */
public final class FakeModel implements LanguageModel {
  /** What the model does; each method sees whole texts. */
  public interface Script {
    /** The log-probability of a continuation. */
    double logProbability(String prompt, String continuation);

    /** What is written behind a prompt; {@code mark} is the same for equal seeds only. */
    String write(String prompt, String mark);

    /** Whether a request ends in a fault. */
    default Optional<Outcome.Fault> fault(String prompt) {
      return Optional.empty();
    }

    /** Called before each result is handed over. */
    default void pause() {}

    /** By how much each token of a text was preferred. */
    default Optional<List<Float>> margins(List<Integer> tokens) {
      return Optional.of(tokens.stream().map(token -> (1 + token % 16) / 8f).toList());
    }

    /** Ids of a text. */
    default List<Integer> tokens(String text) {
      return text.chars().boxed().toList();
    }
  }

  /** Answers as another script does, but for what it changes. */
  public interface Forwarding extends Script {
    Script behind();

    @Override
    default double logProbability(String prompt, String continuation) {
      return behind().logProbability(prompt, continuation);
    }

    @Override
    default String write(String prompt, String mark) {
      return behind().write(prompt, mark);
    }
  }

  private final String engine;
  private final String weights;
  private final Script script;
  private final Capabilities capabilities;
  private int calls;

  public FakeModel(String engine, String weights, Script script, Capabilities capabilities) {
    this.engine = engine;
    this.weights = weights;
    this.script = script;
    this.capabilities = capabilities;
  }

  @Override
  public ModelIdentity identity() {
    return new ModelIdentity(
        engine,
        Optional.of("script"),
        Optional.of(weights),
        Optional.of("config"),
        Optional.of("tokenizer"),
        Optional.of("F16"));
  }

  @Override
  public Capabilities capabilities() {
    return capabilities;
  }

  @Override
  public Telemetry telemetry() {
    return new Telemetry(
        "a desk",
        1000,
        1000,
        10,
        Duration.ofMillis(5),
        100,
        Duration.ofMillis(50),
        20,
        Duration.ofMillis(40));
  }

  @Override
  public RenderedPrompt render(Prompt prompt) {
    String text = text(prompt);
    return new RenderedPrompt(text, Optional.of(script.tokens(text)), 0);
  }

  private static String text(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Text text -> text.text();
      case Prompt.Tokens tokens -> tokens.ids().toString();
      case Prompt.Chat chat -> "<chat>" + chat.messages().getLast().content() + chat.answerBegin();
    };
  }

  @Override
  public void generate(List<GenerationRequest> requests, Decoding decoding, Sink<Generation> sink) {
    for (int index : order(requests.size())) {
      GenerationRequest request = requests.get(index);
      String prompt = text(request.prompt());
      step();
      boolean more =
          sink.accept(
              index,
              script
                  .fault(prompt)
                  .<Outcome<Generation>>map(fault -> new Outcome.Faulted<>(fault, "scripted"))
                  .orElseGet(() -> {
                    String mark =
                        decoding.temperature() == 0 ? "" : Long.toHexString(request.seed());
                    String text = script.write(prompt, mark);
                    List<Integer> tokens = script.tokens(text);
                    List<Integer> before = script.tokens(prompt);
                    int room =
                        Math.min(
                            decoding.maxNewTokens(),
                            capabilities.contextLength().orElseThrow() - before.size());
                    if (room < 1) {
                      return new Outcome.Faulted<>(Outcome.Fault.TOO_LONG, "no room");
                    }
                    boolean whole = tokens.size() <= room;
                    List<Integer> written = whole ? tokens : tokens.subList(0, room);
                    return new Outcome.Answered<>(
                        new Generation(
                            whole ? text : text.substring(0, room),
                            Optional.of(written),
                            script.margins(written),
                            whole ? Generation.End.EOS : Generation.End.LENGTH,
                            Optional.of(before)));
                  }));
      if (!more) {
        return;
      }
    }
  }

  @Override
  public void score(List<ScoringRequest> requests, Sink<Score> sink) {
    for (int index : order(requests.size())) {
      ScoringRequest request = requests.get(index);
      String prompt = text(request.prompt());
      step();
      boolean more =
          sink.accept(
              index,
              script
                  .fault(prompt)
                  .<Outcome<Score>>map(fault -> new Outcome.Faulted<>(fault, "scripted"))
                  .orElseGet(() -> {
                    List<Score.Continuation> scores = new ArrayList<>();
                    for (String continuation : request.continuations()) {
                      scores.add(
                          new Score.Continuation(
                              Optional.of(script.tokens(prompt)),
                              Optional.of(List.of(continuation.hashCode())),
                              List.of(script.logProbability(prompt, continuation)),
                              request.detail() == ScoringRequest.Detail.EVERY_TOKEN
                                  ? Collections.nCopies(script.tokens(prompt).size() - 1, -1.0)
                                  : List.of(),
                              false));
                    }
                    return new Outcome.Answered<>(new Score(scores));
                  }));
      if (!more) {
        return;
      }
    }
  }

  @Override
  public void serve(GenerationQueue queue) {
    throw new UnsupportedOperationException();
  }

  private void step() {
    script.pause();
    if (Thread.currentThread().isInterrupted()) {
      throw new InferenceException(InferenceException.Kind.INTERRUPTED, "interrupted");
    }
  }

  private List<Integer> order(int size) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      order.add(i);
    }
    Collections.shuffle(order, new Random(calls++));
    return order;
  }

  @Override
  public void close() {}
}
