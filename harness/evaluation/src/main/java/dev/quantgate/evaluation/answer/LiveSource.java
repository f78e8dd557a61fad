package dev.quantgate.evaluation.answer;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.INPUT;

import dev.quantgate.base.Sha256;
import dev.quantgate.evaluation.answer.RunPlan.Sampling;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.evaluation.record.AnswerLine;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.Identity;
import dev.quantgate.evaluation.record.ModelUsage;
import dev.quantgate.evaluation.record.Prompts;
import dev.quantgate.evaluation.record.SuiteIdentity;
import dev.quantgate.inference.Capabilities;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.GenerationRequest;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.ModelIdentity;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.RenderedPrompt;
import dev.quantgate.inference.ScoringRequest;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.ListIterator;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A live model. A suite is handed to the engine whole, in the order of the data, in which questions
 * that share a prefix are neighbours; the engine decides about batches.
 *
 * <p>A sampled text's seed follows from the run's seed, the suite, the item and the sample alone,
 * so that an interrupted run, a shard or one item by itself gives the same texts.
 */
public final class LiveSource implements AnswerSource {
  private static final int RENDERED_TOGETHER = 1_000;

  private final LanguageModel model;
  private final Sampling sampling;
  private final long seed;
  private final Optional<LocalDate> chatDate;
  private final AnswerAssembler assembler;

  /**
   * @param chatDate the day that the model's chat template is told
   */
  public LiveSource(
      LanguageModel model, Sampling sampling, long seed, Optional<LocalDate> chatDate) {
    this.model = model;
    this.sampling = sampling;
    this.seed = seed;
    this.chatDate = chatDate;
    this.assembler =
        new AnswerAssembler(
            this::render,
            () -> model.capabilities().contextLength(),
            request -> decoding(request).maxNewTokens());
  }

  @Override
  public String description() {
    ModelIdentity identity = model.identity();
    String what =
        Stream.concat(
                Stream.of(identity.architecture(), identity.weightFormat())
                    .flatMap(Optional::stream),
                Stream.of("on %s".formatted(model.telemetry().device())))
            .collect(Collectors.joining(", "));
    return "%s (%s)".formatted(what, identity.engine());
  }

  @Override
  public SortedMap<String, String> identity() {
    return fields(model.identity(), chatDate);
  }

  /** The fields of identity.json that say what a live model is, as far as they are known. */
  public static SortedMap<String, String> fields(
      ModelIdentity identity, Optional<LocalDate> chatDate) {
    var fields = new TreeMap<String, String>();
    chatDate.ifPresent(day -> fields.put(Identity.CHAT_DATE, day.toString()));
    fields.put(Identity.SOURCE, "live");
    fields.put(Identity.ENGINE, identity.engine());
    identity.architecture().ifPresent(known -> fields.put("model.architecture", known));
    identity.weightsSha256().ifPresent(known -> fields.put("model.weightsSha256", known));
    identity.configSha256().ifPresent(known -> fields.put("model.configSha256", known));
    identity.tokenizerSha256().ifPresent(known -> fields.put("model.tokenizerSha256", known));
    identity.weightFormat().ifPresent(known -> fields.put("model.weightFormat", known));
    return fields;
  }

  @Override
  public boolean chatTemplate() {
    return model.capabilities().chatTemplate();
  }

  @Override
  public SortedMap<String, String> suiteIdentity(SuiteTask task, List<Question> questions) {
    return asking(questions, sampling, seed);
  }

  /** How every live model is asked, as {@link #suiteIdentity} says it. */
  public static SortedMap<String, String> asking(
      List<Question> questions, Sampling sampling, long seed) {
    var fields = new TreeMap<String, String>();
    fields.put(SuiteIdentity.ASKED, SuiteIdentity.BY_PROTOCOL);
    fields.put(SuiteIdentity.PROMPTS, Prompts.hash(questions));
    String decodings =
        questions.stream()
            .flatMap(question -> question.requests().stream())
            .flatMap(request ->
                request instanceof Request.Generate generate
                    ? Stream.of(Prompts.describe(decoding(generate, sampling), seed))
                    : Stream.empty())
            .distinct()
            .sorted()
            .collect(Collectors.joining("; "));
    fields.put(SuiteIdentity.DECODING, decodings.isEmpty() ? "log-probabilities" : decodings);
    fields.put(
        SuiteIdentity.SAMPLES,
        Integer.toString(
            questions.stream().mapToInt(question -> samples(question, sampling)).max().orElse(1)));
    return fields;
  }

  @Override
  public void require(SuiteTask task, List<Question> questions) {
    Capabilities has = model.capabilities();
    for (Question question : questions) {
      for (Request request : question.requests()) {
        switch (request) {
          case Request.Generate generate -> require(task, generate.prompt());
          case Request.Choose choose -> {
            if (!has.scoring()) {
              throw lacks(task, "gives no log-probabilities");
            }
            for (ScoringRequest scoring : choose.requests()) {
              require(task, scoring.prompt());
              if (scoring.detail() == ScoringRequest.Detail.EVERY_TOKEN
                  && !has.promptLogProbabilities()) {
                throw lacks(task, "gives no log-probabilities of a prompt's tokens");
              }
            }
          }
        }
      }
    }
  }

  private void require(SuiteTask task, Prompt prompt) {
    if (prompt instanceof Prompt.Chat && !model.capabilities().chatTemplate()) {
      throw lacks(task, "has no chat template");
    }
  }

  private EvaluationException lacks(SuiteTask task, String what) {
    return new EvaluationException(
        INPUT,
        "suite %s by %s cannot be asked: the model (%s) %s; choose another --protocol"
            .formatted(task.suite(), task.protocol().id(), model.identity().engine(), what));
  }

  @Override
  public void answer(
      SuiteTask task, List<Question> all, List<Question> pending, Consumer<AnswerLine> sink) {
    List<Asked> scored = new ArrayList<>();
    Map<Decoding, List<Asked>> written = new LinkedHashMap<>();
    for (Question question : pending) {
      switch (question.request()) {
        case Request.Choose choose -> scored.add(new Asked(question));
        case Request.Generate generate ->
            written
                .computeIfAbsent(decoding(generate), decoding -> new ArrayList<>())
                .add(new Asked(question));
      }
    }
    for (List<Asked> round = scored; !round.isEmpty(); ) {
      round = score(round, sink);
    }
    for (var group : written.entrySet()) {
      for (List<Asked> round = withRoom(group.getValue()); !round.isEmpty(); ) {
        round = generate(task, round, group.getKey(), sink);
      }
    }
  }

  /**
   * Each question in the first form whose prompt leaves room for as long an answer as is asked for,
   * else in the shortest. The prompt alone decides and not the answer, so that models which write
   * texts of different lengths are asked in the same form.
   */
  private List<Asked> withRoom(List<Asked> questions) {
    OptionalInt context = model.capabilities().contextLength();
    if (context.isEmpty()) {
      return questions;
    }
    var given = new ArrayList<>(questions);
    Map<Prompt, Integer> lengths = new HashMap<>();
    for (boolean again = true; again; ) {
      renderEach(
          given.stream()
              .filter(Asked::hasShorterForm)
              .flatMap(asked -> asked.request().prompts())
              .filter(prompt -> !lengths.containsKey(prompt))
              .toList(),
          (prompt, seen) -> lengths.put(prompt, seen.tokens().map(List::size).orElse(0)));
      again = false;
      for (ListIterator<Asked> each = given.listIterator(); each.hasNext(); ) {
        Asked asked = each.next();
        if (asked.hasShorterForm()
            && asked.request() instanceof Request.Generate generate
            && Objects.requireNonNull(lengths.get(generate.prompt()))
                > context.getAsInt() - decoding(generate).maxNewTokens()) {
          each.set(asked.shorter());
          again = true;
        }
      }
    }
    return given;
  }

  /** Has the model render each prompt once, so many at a time that their ids fit the memory. */
  private void renderEach(List<Prompt> prompts, BiConsumer<Prompt, RenderedPrompt> taker) {
    List<Prompt> distinct = prompts.stream().distinct().toList();
    for (int from = 0; from < distinct.size(); from += RENDERED_TOGETHER) {
      List<Prompt> some =
          distinct.subList(from, Math.min(from + RENDERED_TOGETHER, distinct.size()));
      Iterator<RenderedPrompt> rendered = model.renderAll(some).iterator();
      some.forEach(prompt -> taker.accept(prompt, rendered.next()));
    }
  }

  /** Scores choices; gives what is to be asked again in a shorter form. */
  private List<Asked> score(List<Asked> round, Consumer<AnswerLine> sink) {
    List<ScoringRequest> requests = new ArrayList<>();
    List<Asked> owners = new ArrayList<>();
    for (Asked asked : round) {
      var choose = (Request.Choose) asked.request();
      asked.expect(choose.requests().size(), requests.size());
      for (ScoringRequest request : choose.requests()) {
        requests.add(request);
        owners.add(asked);
      }
    }
    List<Asked> again = new ArrayList<>();
    model.score(
        requests,
        (index, outcome) -> {
          Asked asked = owners.get(index);
          if (asked.accept(index, outcome)) {
            finish(asked, sink, again);
          }
          return true;
        });
    return again;
  }

  /** Generates texts; gives what is to be asked again in a shorter form. */
  private List<Asked> generate(
      SuiteTask task, List<Asked> round, Decoding decoding, Consumer<AnswerLine> sink) {
    List<GenerationRequest> requests = new ArrayList<>();
    List<Asked> owners = new ArrayList<>();
    for (Asked asked : round) {
      int samples = samples(asked.question, sampling);
      asked.expect(samples, requests.size());
      Prompt prompt = ((Request.Generate) asked.request()).prompt();
      for (int i = 0; i < samples; i++) {
        requests.add(new GenerationRequest(prompt, seed(task.suite(), asked.question.id(), i)));
        owners.add(asked);
      }
    }
    List<Asked> again = new ArrayList<>();
    model.generate(
        requests,
        decoding,
        (index, outcome) -> {
          Asked asked = owners.get(index);
          if (asked.accept(index, outcome)) {
            finish(asked, sink, again);
          }
          return true;
        });
    return again;
  }

  private long seed(String suite, String id, int sample) {
    byte[] hash =
        new Sha256()
            .add(Long.toString(seed))
            .add(suite)
            .add(id)
            .add(Integer.toString(sample))
            .bytes();
    return ByteBuffer.wrap(hash).getLong();
  }

  private void finish(Asked asked, Consumer<AnswerLine> sink, List<Asked> again) {
    assembler.assemble(asked).ifPresentOrElse(sink, () -> again.add(asked.shorter()));
  }

  /** Only programs are sampled several times: a choice has one answer. */
  private static int samples(Question question, Sampling sampling) {
    return question.key() instanceof Key.Program ? sampling.samples() : 1;
  }

  private Decoding decoding(Request.Generate generate) {
    return decoding(generate, sampling);
  }

  private static Decoding decoding(Request.Generate generate, Sampling sampling) {
    Decoding own = generate.decoding();
    return new Decoding(
        sampling.maxNewTokens().orElse(own.maxNewTokens()),
        sampling.temperature(),
        sampling.topP(),
        own.stop(),
        own.stopAtEos());
  }

  @Override
  public Map<Prompt, String> render(List<Prompt> prompts) {
    Map<Prompt, String> texts = new HashMap<>();
    List<Prompt> chats = new ArrayList<>();
    for (Prompt prompt : prompts) {
      if (prompt instanceof Prompt.Chat) {
        chats.add(prompt);
      } else {
        texts.put(prompt, render(prompt));
      }
    }
    renderEach(chats, (chat, seen) -> texts.put(chat, seen.text()));
    return texts;
  }

  private String render(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Text text -> text.text();
      case Prompt.Tokens tokens -> tokens.ids().toString();
      case Prompt.Chat chat -> model.render(chat).text();
    };
  }

  @Override
  public Optional<ModelUsage> usage() {
    return Optional.of(ModelUsage.of(model.telemetry()));
  }

  @Override
  public void close() {
    model.close();
  }
}
