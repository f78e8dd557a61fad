package dev.quantgate.inference;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;

/**
 * A live model: it continues prompts and says how likely given continuations are.
 *
 * <p>Batch in, batch out: a caller hands over all it has, the engine decides how many run together,
 * which prefixes they share and how much memory they take. The numbers do not depend on that: the
 * same prompt gives the same bits whatever else is in the call.
 *
 * <p>Results are handed over one by one as they are ready, not in the order of the requests, so
 * that a caller can journal each. A request that cannot be answered (too long, a non-finite logit)
 * is an {@link Outcome.Faulted} of its own and leaves the others alone. Lack of memory is not a
 * fault of a request: where one that fits the model's context does not fit the memory given, the
 * call ends with an {@link InferenceException} of kind {@link
 * InferenceException.Kind#OUT_OF_MEMORY} that says how much is needed. Interrupting the calling
 * thread stops the call at the next step with an {@link InferenceException} of kind {@link
 * InferenceException.Kind#INTERRUPTED}; what was handed over stays good.
 *
 * <p>A model is used by one thread at a time.
 */
public interface LanguageModel extends AutoCloseable {

  /** What the model is: equal identities give equal answers. */
  ModelIdentity identity();

  /** What the model can be asked, so that a suite that needs more is refused before the run. */
  Capabilities capabilities();

  /** Memory taken and work done up to now. */
  Telemetry telemetry();

  /**
   * Renders a prompt the way {@link #generate} and {@link #score} will see it.
   *
   * @throws InferenceException if the prompt cannot be rendered (a chat prompt for a model without
   *     a chat template, for one)
   */
  RenderedPrompt render(Prompt prompt);

  /** {@link #render} of each prompt; an engine may do what is expensive about it once for all. */
  default List<RenderedPrompt> renderAll(List<Prompt> prompts) {
    return prompts.stream().map(this::render).toList();
  }

  /**
   * Continues each prompt; {@code sink} gets each index of {@code requests} exactly once, unless it
   * says that it has enough.
   */
  void generate(List<GenerationRequest> requests, Decoding decoding, Sink<Generation> sink);

  /**
   * Scores each request; {@code sink} gets each index of {@code requests} exactly once, unless it
   * says that it has enough.
   */
  void score(List<ScoringRequest> requests, Sink<Score> sink);

  /**
   * Answers requests as they are added, those that come later beside those under way, until the
   * queue is closed and empty. An exception of a listener ends the call and is thrown here;
   * requests under way are then told nothing more. If one request lacks memory, its listener is
   * told alone.
   */
  void serve(GenerationQueue queue);

  /** {@link #generate} with the outcomes in the order of the requests. */
  default List<Outcome<Generation>> generate(List<GenerationRequest> requests, Decoding decoding) {
    return Sink.collect(requests.size(), sink -> generate(requests, decoding, sink));
  }

  /** {@link #score} with the outcomes in the order of the requests. */
  default List<Outcome<Score>> score(List<ScoringRequest> requests) {
    return Sink.collect(requests.size(), sink -> score(requests, sink));
  }

  @Override
  void close();

  /**
   * Takes one result as soon as it is ready. Called by the thread that made the call, between two
   * steps of the model, which waits for it.
   *
   * <p>An exception of the sink ends the call, whose caller gets it; what was handed over before
   * stays good, and the model can be asked again.
   */
  @FunctionalInterface
  interface Sink<T> {
    /**
     * @return whether to go on; at false the call returns without computing what is left
     */
    boolean accept(int index, Outcome<T> outcome);

    private static <T> List<Outcome<T>> collect(int size, Consumer<Sink<T>> call) {
      var outcomes =
          new ArrayList<Outcome<T>>(Collections.nCopies(size, (Outcome<T>) Outcome.missing()));
      call.accept((index, outcome) -> {
        outcomes.set(index, outcome);
        return true;
      });
      return List.copyOf(outcomes);
    }
  }
}
