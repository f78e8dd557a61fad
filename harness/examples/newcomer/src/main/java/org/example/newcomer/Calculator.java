package org.example.newcomer;

import dev.quantgate.inference.Capabilities;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Generation;
import dev.quantgate.inference.GenerationQueue;
import dev.quantgate.inference.GenerationRequest;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.InferenceException.Kind;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.ModelIdentity;
import dev.quantgate.inference.Outcome;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.RenderedPrompt;
import dev.quantgate.inference.Score;
import dev.quantgate.inference.ScoringRequest;
import dev.quantgate.inference.Telemetry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A model that can add. It knows no tokens, has no weights and gives no log-probabilities. */
final class Calculator implements LanguageModel {
  private static final Pattern ADDITION = Pattern.compile("(\\d{1,4}) \\+ (\\d{1,4}) =");

  private final String name;
  private final boolean carries;
  private long answered;

  Calculator(String name, boolean carries) {
    this.name = name;
    this.carries = carries;
  }

  @Override
  public ModelIdentity identity() {
    return new ModelIdentity(
        "calculator/1",
        Optional.of(name),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  @Override
  public Capabilities capabilities() {
    return new Capabilities(false, false, false, false, OptionalInt.empty());
  }

  @Override
  public Telemetry telemetry() {
    return new Telemetry(
        "a calculator", 0, 0, 0, Duration.ZERO, 0, Duration.ZERO, answered, Duration.ZERO);
  }

  @Override
  public RenderedPrompt render(Prompt prompt) {
    if (prompt instanceof Prompt.Text text) {
      return new RenderedPrompt(text.text(), Optional.empty(), 0);
    }
    throw new InferenceException(Kind.UNSUPPORTED, "a calculator is asked in text");
  }

  @Override
  public void generate(List<GenerationRequest> requests, Decoding decoding, Sink<Generation> sink) {
    for (int i = 0; i < requests.size(); i++) {
      if (!sink.accept(i, answer(requests.get(i)))) {
        return;
      }
    }
  }

  private Outcome<Generation> answer(GenerationRequest request) {
    answered++;
    Matcher sum = ADDITION.matcher(render(request.prompt()).text());
    String text = sum.find() ? " %d".formatted(add(sum)) : "";
    return new Outcome.Answered<>(
        new Generation(text, Optional.empty(), Generation.End.EOS, Optional.empty()));
  }

  private int add(Matcher sum) {
    int first = Integer.parseInt(sum.group(1));
    int second = Integer.parseInt(sum.group(2));
    boolean carry = first % 10 + second % 10 >= 10;
    return first + second - (carry && !carries ? 10 : 0);
  }

  @Override
  public void score(List<ScoringRequest> requests, Sink<Score> sink) {
    throw new InferenceException(Kind.UNSUPPORTED, "a calculator gives no log-probabilities");
  }

  @Override
  public void serve(GenerationQueue queue) {
    List<GenerationQueue.Entry> entries = queue.take(true);
    while (!entries.isEmpty()) {
      entries.forEach(entry -> entry.listener().done(answer(entry.request())));
      entries = queue.take(true);
    }
  }

  @Override
  public void close() {}
}
