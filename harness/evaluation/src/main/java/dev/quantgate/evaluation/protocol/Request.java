package dev.quantgate.evaluation.protocol;

import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.ScoringRequest;
import java.util.List;
import java.util.stream.Stream;

/** What a model is asked about one item. */
public sealed interface Request {

  /** The prompts that are asked, in order. */
  Stream<Prompt> prompts();

  /**
   * Write an answer.
   *
   * @param decoding the protocol's own: stop strings, length; a run may set temperature, seed and
   *     length over it
   */
  record Generate(Prompt prompt, Decoding decoding) implements Request {
    @Override
    public Stream<Prompt> prompts() {
      return Stream.of(prompt);
    }
  }

  /**
   * Say how likely each choice is.
   *
   * @param requests the choices are all their continuations, in order; one request unless the
   *     choices stand behind different texts
   * @param labels a name for each choice, such as "A" or "entailment": how recorded answers name
   *     it. Ties go to the first.
   */
  record Choose(List<ScoringRequest> requests, List<String> labels, Rule rule) implements Request {
    public Choose {
      requests = List.copyOf(requests);
      labels = List.copyOf(labels);
      int choices = requests.stream().mapToInt(request -> request.continuations().size()).sum();
      if (choices != labels.size() || choices < 2) {
        throw new IllegalArgumentException(
            "%d choices for %d labels".formatted(choices, labels.size()));
      }
    }

    public Choose(ScoringRequest request, List<String> labels, Rule rule) {
      this(List.of(request), labels, rule);
    }

    @Override
    public Stream<Prompt> prompts() {
      return requests.stream().map(ScoringRequest::prompt);
    }
  }
}
