package dev.quantgate.inference.engine;

import dev.quantgate.inference.Capabilities;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Generation;
import dev.quantgate.inference.GenerationQueue;
import dev.quantgate.inference.GenerationRequest;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.ModelIdentity;
import dev.quantgate.inference.Outcome;
import dev.quantgate.inference.Outcome.Answered;
import dev.quantgate.inference.Outcome.Fault;
import dev.quantgate.inference.Outcome.Faulted;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.RenderedPrompt;
import dev.quantgate.inference.Score;
import dev.quantgate.inference.ScoringRequest;
import dev.quantgate.inference.Telemetry;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.engine.PromptEncoder.Chats;
import dev.quantgate.inference.engine.PromptEncoder.Joined;
import dev.quantgate.inference.engine.Scheduler.GenerateJob;
import dev.quantgate.inference.engine.Scheduler.Job;
import dev.quantgate.inference.engine.Scheduler.ScoreJob;
import dev.quantgate.inference.tokenizer.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A language model on a device: text around a {@link StepExecutor}. */
public final class TokenModel implements LanguageModel {
  /**
   * Tokens of requests that are turned into ids before any is computed. Enough that all that has a
   * prefix in common is usually together, little enough that results come early.
   */
  private static final long WINDOW_TOKENS = 1 << 19;

  /**
   * What is known about a model's loading.
   *
   * @param device where it runs, for people
   * @param checkpointBytes bytes of the weights in the checkpoint's files
   * @param close closes all that was opened for the model: its device, then what lies beneath
   */
  public record Loaded(
      ModelIdentity identity,
      ModelConfig config,
      String device,
      long checkpointBytes,
      Duration loadTime,
      Runnable close) {}

  private final Loaded loaded;
  private final ModelConfig config;
  private final Tokenizer tokenizer;
  private final PromptEncoder encoder;
  private final List<Integer> eosIds;
  private final StepExecutor device;
  private final Scheduler scheduler;

  /** A model whose tokenizer and device {@code loaded.close} closes. */
  public TokenModel(Loaded loaded, Tokenizer tokenizer, StepExecutor device, Batching batching) {
    this.loaded = loaded;
    this.config = loaded.config();
    this.tokenizer = tokenizer;
    this.encoder = new PromptEncoder(tokenizer, config.vocabularySize());
    this.eosIds =
        Stream.concat(config.eosIds().stream(), tokenizer.eosIds().stream()).distinct().toList();
    this.device = device;
    this.scheduler = new Scheduler(device, batching);
  }

  @Override
  public ModelIdentity identity() {
    return loaded.identity();
  }

  @Override
  public Capabilities capabilities() {
    return new Capabilities(
        true, true, true, tokenizer.hasChatTemplate(), OptionalInt.of(config.contextLength()));
  }

  @Override
  public Telemetry telemetry() {
    Work work = scheduler.work();
    MemoryPlan memory = device.memory();
    return new Telemetry(
        loaded.device(),
        memory.weightBytes(),
        loaded.checkpointBytes(),
        work.peakPages() * memory.pageBytes(),
        loaded.loadTime(),
        work.promptTokens(),
        Duration.ofNanos(work.promptNanos()),
        work.generatedTokens(),
        Duration.ofNanos(work.generationNanos()));
  }

  @Override
  public RenderedPrompt render(Prompt prompt) {
    return encoder.render(prompt);
  }

  @Override
  public List<RenderedPrompt> renderAll(List<Prompt> prompts) {
    return encoder.renderAll(prompts);
  }

  // --- Generation
  // ----------------------------------------------------------------------------------

  /** Takes what becomes of one answer, by the thread that runs. */
  private interface Taker {
    /** Whether the answer is to end before its next token. */
    default boolean cancelled() {
      return false;
    }

    /** A token was added; {@code answer} says what is settled by it. */
    default void added(AnswerWriter answer) {}

    /**
     * The answer is over; {@code answer} says what is left to be told. Answers whether to go on.
     */
    boolean done(AnswerWriter answer, Generation generation);

    boolean faulted(Fault fault, String message);
  }

  /** One answer between the scheduler and who takes it. */
  private final class Writing implements Scheduler.Writer {
    private final List<Integer> prompt;
    private final AnswerWriter answer;
    private final @Nullable Sampler sampler;
    private final Taker taker;

    Writing(List<Integer> prompt, GenerationRequest request, Decoding decoding, Taker taker) {
      this.prompt = prompt;
      this.answer = new AnswerWriter(tokenizer, decoding, eosIds);
      this.sampler = decoding.temperature() == 0 ? null : new Sampler(decoding, request.seed());
      this.taker = taker;
    }

    @Override
    public boolean greedy() {
      return sampler == null;
    }

    @Override
    public Scheduler.Choice choose(float[] logits, int at, int argmax) {
      return Objects.requireNonNull(sampler).choose(logits, at, config.vocabularySize(), argmax);
    }

    @Override
    public boolean append(int token, float margin) {
      boolean ended = answer.append(token, margin);
      if (!ended) {
        taker.added(answer);
      }
      return ended;
    }

    @Override
    public boolean cancelled() {
      return taker.cancelled();
    }

    @Override
    public boolean done() {
      return taker.done(answer, answer.generation(prompt));
    }

    @Override
    public boolean stopped() {
      answer.cancel();
      return done();
    }

    @Override
    public boolean faulted(Fault fault, String message) {
      return taker.faulted(fault, message);
    }
  }

  /** Why a prompt can have no answer, or null. */
  private @Nullable Faulted<Generation> refuse(List<Integer> ids) {
    if (ids.isEmpty()) {
      return new Faulted<>(Fault.UNSCORABLE, "the prompt has no tokens");
    }
    return ids.size() < config.contextLength()
        ? null
        : new Faulted<>(
            Fault.TOO_LONG,
            "%d prompt tokens leave no room for an answer in the model's context of %d"
                .formatted(ids.size(), config.contextLength()));
  }

  private GenerateJob job(
      List<Integer> ids, GenerationRequest request, Decoding decoding, Taker taker) {
    return new GenerateJob(
        array(ids),
        Math.min(decoding.maxNewTokens(), config.contextLength() - ids.size()),
        new Writing(ids, request, decoding, taker));
  }

  @Override
  public void generate(List<GenerationRequest> requests, Decoding decoding, Sink<Generation> sink) {
    var jobs = new ArrayList<GenerateJob>();
    List<RenderedPrompt> rendered =
        renderAll(requests.stream().map(GenerationRequest::prompt).toList());
    for (int i = 0; i < requests.size(); i++) {
      int index = i;
      List<Integer> ids = rendered.get(i).tokens().orElseThrow();
      Faulted<Generation> fault = refuse(ids);
      if (fault != null) {
        if (!sink.accept(i, fault)) {
          return;
        }
        continue;
      }
      jobs.add(
          job(
              ids,
              requests.get(i),
              decoding,
              new Taker() {
                @Override
                public boolean done(AnswerWriter answer, Generation generation) {
                  return sink.accept(index, new Answered<>(generation));
                }

                @Override
                public boolean faulted(Fault fault, String message) {
                  return sink.accept(index, new Faulted<>(fault, message));
                }
              }));
    }
    scheduler.run(Scheduler.Feed.of(jobs));
  }

  @Override
  public void serve(GenerationQueue queue) {
    scheduler.run(wait -> {
      List<GenerationQueue.Entry> entries = queue.take(wait);
      List<Job> jobs = accept(entries);
      while (wait && jobs.isEmpty() && !entries.isEmpty()) {
        entries = queue.take(true);
        jobs = accept(entries);
      }
      return jobs;
    });
  }

  /** The entries that can be computed, as jobs; the others are told at once. */
  private List<Job> accept(List<GenerationQueue.Entry> entries) {
    var jobs = new ArrayList<Job>();
    renderTogether(entries);
    for (GenerationQueue.Entry entry : entries) {
      try {
        List<Integer> ids = render(entry.request().prompt()).tokens().orElseThrow();
        Faulted<Generation> fault = refuse(ids);
        if (fault != null) {
          entry.listener().done(fault);
          continue;
        }
        GenerateJob job = job(ids, entry.request(), entry.decoding(), new Telling(entry));
        scheduler.requireRoom(List.of(job));
        jobs.add(job);
      } catch (InferenceException e) {
        entry.listener().refused(e);
      }
    }
    return jobs;
  }

  /**
   * Renders the conversations that wait together at once, since most of what one takes is reading
   * its template; they are known to the tokenizer then.
   */
  private void renderTogether(List<GenerationQueue.Entry> entries) {
    List<Prompt> chats =
        entries.stream()
            .map(entry -> entry.request().prompt())
            .filter(Prompt.Chat.class::isInstance)
            .toList();
    try {
      if (chats.size() > 1) {
        encoder.chats(chats.stream());
      }
    } catch (InferenceException e) {
      // Each is rendered by itself next, and whose cannot be is told so.
    }
  }

  /** Tells an entry's listener. */
  private record Telling(GenerationQueue.Entry entry) implements Taker {
    @Override
    public boolean cancelled() {
      return entry.cancelled();
    }

    @Override
    public void added(AnswerWriter answer) {
      tell(answer.settled());
    }

    @Override
    public boolean done(AnswerWriter answer, Generation generation) {
      tell(answer.rest());
      entry.listener().done(new Answered<>(generation));
      return true;
    }

    @Override
    public boolean faulted(Fault fault, String message) {
      entry.listener().done(new Faulted<>(fault, message));
      return true;
    }

    private void tell(String text) {
      if (!text.isEmpty() && !entry.listener().text(text)) {
        entry.cancel();
      }
    }
  }

  // --- Scoring
  // -------------------------------------------------------------------------------------

  @Override
  public void score(List<ScoringRequest> requests, Sink<Score> sink) {
    var window = new ArrayList<PendingScore>();
    Chats chats = encoder.chats(requests.stream().map(ScoringRequest::prompt));
    long tokens = 0;
    for (int i = 0; i < requests.size(); i++) {
      List<Joined> joined = encoder.join(requests.get(i), chats);
      Outcome<Score> fault = refuseToScore(joined);
      if (fault != null) {
        if (!sink.accept(i, fault)) {
          return;
        }
        continue;
      }
      window.add(new PendingScore(i, requests.get(i).detail(), joined, sink));
      tokens += joined.stream().mapToLong(one -> one.tokens().size()).sum();
      if (tokens >= WINDOW_TOKENS) {
        if (!scoreWindow(window)) {
          return;
        }
        window.clear();
        tokens = 0;
      }
    }
    scoreWindow(window);
  }

  private boolean scoreWindow(List<PendingScore> window) {
    List<ScoreJob> jobs = window.stream().flatMap(pending -> pending.jobs().stream()).toList();
    return scheduler.run(Scheduler.Feed.of(jobs));
  }

  private @Nullable Outcome<Score> refuseToScore(List<Joined> joined) {
    for (Joined one : joined) {
      if (one.promptLength() == 0) {
        return new Faulted<>(
            Fault.UNSCORABLE, "no token stands before the continuation, so it has no probability");
      }
      if (one.promptLength() >= one.tokens().size()) {
        return new Faulted<>(
            Fault.UNSCORABLE, "the continuation adds no token of its own to the prompt");
      }
      if (one.tokens().size() > config.contextLength()) {
        return new Faulted<>(
            Fault.TOO_LONG,
            "%d tokens do not fit the model's context of %d"
                .formatted(one.tokens().size(), config.contextLength()));
      }
    }
    return null;
  }

  private static int[] array(List<Integer> ids) {
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  @Override
  public void close() {
    loaded.close().run();
  }
}
