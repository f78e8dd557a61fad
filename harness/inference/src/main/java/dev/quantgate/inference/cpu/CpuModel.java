package dev.quantgate.inference.cpu;

import dev.quantgate.inference.Capabilities;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Generation;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.ModelIdentity;
import dev.quantgate.inference.Outcome.Answered;
import dev.quantgate.inference.Outcome.Fault;
import dev.quantgate.inference.Outcome.Faulted;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.RenderedPrompt;
import dev.quantgate.inference.Score;
import dev.quantgate.inference.ScoringRequest;
import dev.quantgate.inference.ScoringRequest.Detail;
import dev.quantgate.inference.ScoringRequest.Join;
import dev.quantgate.inference.Telemetry;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.cpu.TokenEngine.GenerateJob;
import dev.quantgate.inference.cpu.TokenEngine.Results;
import dev.quantgate.inference.cpu.TokenEngine.ScoreJob;
import dev.quantgate.inference.cpu.TokenEngine.Scored;
import dev.quantgate.inference.cpu.TokenEngine.Writer;
import dev.quantgate.inference.tokenizer.Tokenizer;
import dev.quantgate.inference.tokenizer.Tokenizer.Encoding;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A language model on this machine's processor: text around a {@link TokenEngine}. */
final class CpuModel implements LanguageModel {
  /**
   * Tokens of requests that are turned into ids before any is computed. Enough that all that has a
   * prefix in common is usually together, little enough that results come early.
   */
  private static final long WINDOW_TOKENS = 1 << 19;

  /** What has to be closed with the model and what is known about its loading. */
  record Loaded(
      ModelIdentity identity,
      ModelConfig config,
      String device,
      long checkpointBytes,
      Duration loadTime,
      Runnable close) {}

  private final Loaded loaded;
  private final ModelConfig config;
  private final Tokenizer tokenizer;
  private final TokenEngine engine;

  CpuModel(Loaded loaded, Tokenizer tokenizer, TokenEngine engine) {
    this.loaded = loaded;
    this.config = loaded.config();
    this.tokenizer = tokenizer;
    this.engine = engine;
  }

  @Override
  public ModelIdentity identity() {
    return loaded.identity();
  }

  @Override
  public Capabilities capabilities() {
    return new Capabilities(true, true, true, tokenizer.hasChatTemplate(), config.contextLength());
  }

  @Override
  public Telemetry telemetry() {
    TokenEngine.Work work = engine.work();
    return new Telemetry(
        loaded.device(),
        work.weightBytes(),
        loaded.checkpointBytes(),
        work.peakCacheBytes(),
        loaded.loadTime(),
        work.promptTokens(),
        Duration.ofNanos(work.promptNanos()),
        work.generatedTokens(),
        Duration.ofNanos(work.generationNanos()));
  }

  // --- Text to tokens ----------------------------------------------------------------------------

  /** A prompt's text and how it becomes tokens; a prompt of token ids has no text. */
  private record Source(String prefix, String text, boolean rendered) {}

  @Override
  public RenderedPrompt render(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Tokens given -> {
        for (int id : given.ids()) {
          if (id < 0 || id >= config.vocabularySize()) {
            throw new InferenceException(
                InferenceException.Kind.ITEM,
                "token id "
                    + id
                    + " is outside the vocabulary 0.."
                    + (config.vocabularySize() - 1));
          }
        }
        yield new RenderedPrompt("", given.ids(), given.prefixLength());
      }
      case Prompt.Text text -> render(new Source(text.prefix(), text.text(), false));
      case Prompt.Chat chat -> render(source(chat));
    };
  }

  private Source source(Prompt.Chat chat) {
    return source(chat, tokenizer.renderChats(List.of(chat.messages())).getFirst());
  }

  private static Source source(Prompt.Chat chat, String rendered) {
    return new Source("", rendered + chat.answerBegin(), true);
  }

  /** All chats go through the template in one call: starting it is dear. */
  @Override
  public List<RenderedPrompt> renderAll(List<Prompt> prompts) {
    List<Prompt.Chat> chats =
        prompts.stream()
            .filter(Prompt.Chat.class::isInstance)
            .map(Prompt.Chat.class::cast)
            .toList();
    Iterator<String> rendered =
        chats.isEmpty()
            ? Collections.emptyIterator()
            : tokenizer.renderChats(chats.stream().map(Prompt.Chat::messages).toList()).iterator();
    var all = new ArrayList<RenderedPrompt>();
    for (Prompt prompt : prompts) {
      all.add(
          prompt instanceof Prompt.Chat chat
              ? render(source(chat, rendered.next()))
              : render(prompt));
    }
    return List.copyOf(all);
  }

  private RenderedPrompt render(Source source) {
    Encoding encoding = encode(source, source.text());
    int prefix = 0;
    while (prefix < encoding.ids().size()
        && encoding.ends().get(prefix) <= source.prefix().length()) {
      prefix++;
    }
    return new RenderedPrompt(
        source.text(), encoding.ids(), source.prefix().isEmpty() ? 0 : prefix);
  }

  private Encoding encode(Source source, String text) {
    return source.rendered() ? tokenizer.encodeRendered(text) : tokenizer.encode(text);
  }

  // --- Generation --------------------------------------------------------------------------------

  @Override
  public void generate(List<Prompt> prompts, Decoding decoding, Sink<Generation> sink) {
    var jobs = new ArrayList<GenerateJob>();
    var indices = new ArrayList<Integer>();
    var promptTokens = new ArrayList<List<Integer>>();
    List<RenderedPrompt> rendered = renderAll(prompts);
    for (int i = 0; i < prompts.size(); i++) {
      List<Integer> ids = rendered.get(i).tokens();
      if (ids.isEmpty()) {
        sink.accept(i, new Faulted<>(Fault.UNSCORABLE, "the prompt has no tokens"));
        continue;
      }
      int room = config.contextLength() - ids.size();
      if (room < 1) {
        sink.accept(
            i,
            new Faulted<>(
                Fault.TOO_LONG,
                ids.size()
                    + " prompt tokens leave no room for an answer in the model's context of "
                    + config.contextLength()));
        continue;
      }
      jobs.add(
          new GenerateJob(
              array(ids),
              Math.min(decoding.maxNewTokens(), room),
              new AnswerWriter(tokenizer, decoding, config.eosIds(), i)));
      indices.add(i);
      promptTokens.add(ids);
    }
    engine.generate(
        jobs,
        new Results<Writer>() {
          @Override
          public void done(int job, Writer writer) {
            sink.accept(
                indices.get(job),
                new Answered<>(((AnswerWriter) writer).generation(promptTokens.get(job))));
          }

          @Override
          public void faulted(int job, Fault fault, String message) {
            sink.accept(indices.get(job), new Faulted<>(fault, message));
          }
        });
  }

  // --- Scoring -----------------------------------------------------------------------------------

  /** One continuation as tokens; {@code promptLength} of them come before it. */
  private record Joined(List<Integer> tokens, int promptLength) {}

  /** A request under way. */
  private static final class Pending {
    final int index;
    final ScoringRequest request;
    final List<Joined> joined;
    final Score.@Nullable Continuation[] continuations;
    int open;
    boolean faulted;

    Pending(int index, ScoringRequest request, List<Joined> joined) {
      this.index = index;
      this.request = request;
      this.joined = joined;
      this.continuations = new Score.Continuation[joined.size()];
      this.open = joined.size();
    }
  }

  @Override
  public void score(List<ScoringRequest> requests, Sink<Score> sink) {
    var window = new ArrayList<Pending>();
    long tokens = 0;
    for (int i = 0; i < requests.size(); i++) {
      List<Joined> joined = join(requests.get(i));
      Faulted<Score> fault = refuse(joined);
      if (fault != null) {
        sink.accept(i, fault);
        continue;
      }
      window.add(new Pending(i, requests.get(i), joined));
      tokens += joined.stream().mapToLong(one -> one.tokens().size()).sum();
      if (tokens >= WINDOW_TOKENS) {
        scoreWindow(window, sink);
        window.clear();
        tokens = 0;
      }
    }
    if (!window.isEmpty()) {
      scoreWindow(window, sink);
    }
  }

  private @Nullable Faulted<Score> refuse(List<Joined> joined) {
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
            one.tokens().size()
                + " tokens do not fit the model's context of "
                + config.contextLength());
      }
    }
    return null;
  }

  private List<Joined> join(ScoringRequest request) {
    Prompt prompt = request.prompt();
    if (request.join() == Join.APPENDED || prompt instanceof Prompt.Tokens) {
      List<Integer> before = render(prompt).tokens();
      var joined = new ArrayList<Joined>();
      for (String continuation : request.continuations()) {
        var all = new ArrayList<>(before);
        all.addAll(tokenizer.encodeContinuation(continuation));
        joined.add(new Joined(all, before.size()));
      }
      return joined;
    }
    Source source =
        switch (prompt) {
          case Prompt.Text text -> new Source("", text.text(), false);
          case Prompt.Chat chat -> source(chat);
          case Prompt.Tokens given -> throw new AssertionError();
        };
    int kept = withoutTrailingSpace(source.text());
    String before = source.text().substring(0, kept);
    String moved = source.text().substring(kept);
    int promptLength = encode(source, before).ids().size();
    var joined = new ArrayList<Joined>();
    for (String continuation : request.continuations()) {
      List<Integer> all = encode(source, before + moved + continuation).ids();
      joined.add(new Joined(all, Math.min(promptLength, all.size())));
    }
    return joined;
  }

  /** The length of a text without what Python's {@code str.rstrip} takes off. */
  static int withoutTrailingSpace(String text) {
    int end = text.length();
    while (end > 0 && isPythonSpace(text.charAt(end - 1))) {
      end--;
    }
    return end;
  }

  private static boolean isPythonSpace(char c) {
    return (c >= 0x09 && c <= 0x0d)
        || (c >= 0x1c && c <= 0x20)
        || c == 0x85
        || Character.getType(c) == Character.SPACE_SEPARATOR
        || c == 0x2028
        || c == 0x2029;
  }

  private void scoreWindow(List<Pending> window, Sink<Score> sink) {
    var jobs = new ArrayList<ScoreJob>();
    var owners = new ArrayList<Pending>();
    var places = new ArrayList<Integer>();
    for (Pending pending : window) {
      for (int c = 0; c < pending.joined.size(); c++) {
        Joined one = pending.joined.get(c);
        boolean every = pending.request.detail() == Detail.EVERY_TOKEN;
        jobs.add(new ScoreJob(array(one.tokens()), every ? 1 : one.promptLength()));
        owners.add(pending);
        places.add(c);
      }
    }
    engine.score(
        jobs,
        new Results<Scored>() {
          @Override
          public void done(int job, Scored scored) {
            Pending pending = owners.get(job);
            int place = places.get(job);
            pending.continuations[place] = continuation(pending.joined.get(place), scored);
            if (--pending.open == 0 && !pending.faulted) {
              var all = new ArrayList<Score.Continuation>();
              for (Score.Continuation one : pending.continuations) {
                if (one != null) {
                  all.add(one);
                }
              }
              sink.accept(pending.index, new Answered<>(new Score(all)));
            }
          }

          @Override
          public void faulted(int job, Fault fault, String message) {
            Pending pending = owners.get(job);
            pending.open--;
            if (!pending.faulted) {
              pending.faulted = true;
              sink.accept(pending.index, new Faulted<>(fault, message));
            }
          }
        });
  }

  private static Score.Continuation continuation(Joined joined, Scored scored) {
    List<Integer> tokens = joined.tokens();
    List<Double> all = Arrays.stream(scored.logProbabilities()).boxed().toList();
    int own = tokens.size() - joined.promptLength();
    int before = all.size() - own;
    boolean greedy = true;
    for (int i = before; i < all.size(); i++) {
      greedy &= scored.greedy()[i];
    }
    return new Score.Continuation(
        tokens.subList(0, joined.promptLength()),
        tokens.subList(joined.promptLength(), tokens.size()),
        all.subList(before, all.size()),
        all.subList(0, before),
        greedy);
  }

  private static int[] array(List<Integer> ids) {
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  @Override
  public void close() {
    try {
      engine.close();
    } finally {
      loaded.close().run();
    }
  }
}
