package dev.quantgate.evaluation.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quantgate.base.fixture.OfficialData;
import dev.quantgate.benchmarks.BenchmarkData;
import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.inference.ModelIdentity;
import dev.quantgate.inference.SuiteTokens;
import dev.quantgate.inference.Telemetry;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.engine.Ask;
import dev.quantgate.inference.engine.Batching;
import dev.quantgate.inference.engine.MemoryPlan;
import dev.quantgate.inference.engine.Slice;
import dev.quantgate.inference.engine.StepExecutor;
import dev.quantgate.inference.engine.TokenModel;
import dev.quantgate.inference.tokenizer.Tokenizer;
import dev.quantgate.inference.tokenizer.Tokenizers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How many tokens the benchmarks are, counted by asking them. */
class SuiteTokensTest {
  private static final String TOKENIZER = "parity/tokenizers/llama";
  private static final int VOCABULARY = 32_000;
  private static final int EOS = 2;

  /** Pages that a 34B model at fp16 leaves of 80 GB, about: they bound what shares a prefix. */
  private static final int PAGES = 900;

  /** Computes nothing: every answer ends at once, and every token is as likely. */
  private static final class Nothing implements StepExecutor {
    boolean everywhere;

    @Override
    public int pageTokens() {
      return 64;
    }

    @Override
    public int stepRows() {
      return 2048;
    }

    @Override
    public MemoryPlan memory() {
      return new MemoryPlan("--memory", 0, 0, 1, PAGES);
    }

    @Override
    public void copyPage(int from, int to) {}

    @Override
    public void step(List<Slice> slices) {
      for (Slice slice : slices) {
        everywhere |= slice.rows() > 1 && slice.asks().size() >= slice.rows() - 1;
        for (Ask ask : slice.asks()) {
          var asked = (Ask.OfTokens) ask;
          asked.reader().read(new Ask.Distribution(EOS, 1, new double[asked.tokens().length]));
        }
      }
    }

    @Override
    public void close() {}
  }

  private static ModelConfig config() {
    return new ModelConfig(
        "llama",
        VOCABULARY,
        8192,
        22016,
        48,
        64,
        8,
        128,
        16_384,
        1e-5,
        new ModelConfig.Rope.Default(1e6),
        false,
        false,
        OptionalInt.empty(),
        OptionalInt.of(1),
        List.of(EOS));
  }

  static List<SuiteTokens> benchmarks() {
    return Boolean.getBoolean("quantgate.tokens.all")
        ? SuiteTokens.BENCHMARKS
        : SuiteTokens.BENCHMARKS.subList(0, 1);
  }

  /** HumanEval alone; all, in half a minute: {@code -Dquantgate.tokens.all=true}. */
  @ParameterizedTest
  @MethodSource("benchmarks")
  void aBenchmarkHasThePromptsThatAreCounted(SuiteTokens tokens) {
    Path data = OfficialData.with(tokens.suite(), TOKENIZER);
    var plan =
        RunPlan.of(tokens.suite())
            .withData(data, false)
            .withProtocol(tokens.suite(), tokens.protocol());
    SuiteTask task = SuiteTask.of(Services.standard(), plan, tokens.suite());
    List<Question> questions = task.questions(false);
    var executor = new Nothing();
    Telemetry found;
    try (Tokenizer tokenizer = Tokenizers.open(data.resolve(TOKENIZER));
        var model =
            new TokenModel(
                new TokenModel.Loaded(
                    new ModelIdentity(
                        "nothing",
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()),
                    config(),
                    "nowhere",
                    0,
                    Duration.ZERO,
                    () -> {}),
                tokenizer,
                executor,
                Batching.of(0, 256))) {
      new LiveSource(model, RunPlan.Sampling.GREEDY, 0, Optional.empty())
          .answer(task, questions, questions, line -> {});
      found = model.telemetry();
    }
    assertThat(found.promptTokens()).isEqualTo(tokens.promptTokens());
    assertThat(questions.size())
        .isEqualTo(tokens.writtenTokens() > 0 ? SuiteTokens.ANSWERS : questions.size());
    assertThat(executor.everywhere).isEqualTo(tokens.readEverywhere());
    assertThat(found.generatedTokens() > 0).isEqualTo(tokens.writtenTokens() > 0);
    if (questions.getFirst().request() instanceof Request.Generate generate) {
      assertThat(tokens.longest()).isEqualTo(generate.decoding().maxNewTokens());
    }
  }

  @Test
  void humanEvalsSolutionsHaveTheTokensThatAreCounted() {
    Path data = OfficialData.with(TOKENIZER);
    SuiteTokens tokens = SuiteTokens.BENCHMARKS.getFirst();
    assertThat(tokens.suite()).isEqualTo("humaneval");
    try (Tokenizer tokenizer = Tokenizers.open(data.resolve(TOKENIZER))) {
      long written =
          BenchmarkData.humaneval(
                  new DataOptions(Optional.of(OfficialData.with("humaneval")), false))
              .problems()
              .stream()
              .mapToLong(
                  problem -> tokenizer.encodeContinuation(problem.canonicalSolution()).size())
              .sum();
      assertThat(tokens.writtenTokens()).isEqualTo(written);
    }
  }

  @Test
  void aBenchmarksTimeIsTheSumOfItsPromptsAndItsAnswers() {
    var rates = new SuiteTokens.Rates(1000, 500, 100, 40);
    var written = new SuiteTokens("a", "b", 2000, false, 300, 50);
    assertThat(written.seconds(rates)).isEqualTo(2 + 3 + 50 / 40.0, within(1e-12));
    var scored = new SuiteTokens("a", "b", 2000, true, 0, 0);
    assertThat(scored.seconds(rates)).isEqualTo(4, within(1e-12));
  }
}
