package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.ComparisonFolder;
import dev.quantgate.evaluation.comparison.SuiteComparison.Texts;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.Reseal;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.RunEnvironment;
import dev.quantgate.evaluation.verify.VerifyRequest;
import dev.quantgate.inference.Generation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** By how much each model preferred its token, from the engine to what people read. */
class TokenMarginsTest {
  /** {@code " return 0"} and {@code " return 1003"} part here. */
  private static final int PARTED = 11;

  @TempDir Path folder;
  private final Fixtures fixtures = new Fixtures().code("humaneval", 12);
  private TwoModels models;

  @BeforeEach
  void makeFolders() {
    models = TwoModels.in(folder);
  }

  /** Knows all but some items; the margin of a text's token i is {@code first + i * step}. */
  private record Preferring(FakeModel.Script behind, float first, float step)
      implements FakeModel.Forwarding {
    @Override
    public Optional<List<Float>> margins(List<Integer> tokens) {
      return Optional.of(
          IntStream.range(0, tokens.size()).mapToObj(i -> first + i * step).toList());
    }
  }

  /** Does not say how much it preferred its tokens. */
  private record Silent(FakeModel.Script behind) implements FakeModel.Forwarding {
    @Override
    public Optional<List<Float>> margins(List<Integer> tokens) {
      return Optional.empty();
    }
  }

  private FakeModel.Script knowing(String... wrong) {
    return fixtures.new Knowing(Set.of(wrong));
  }

  private Comparison run(Path out) {
    return run(models.fp16().toString(), models.int4().toString(), out);
  }

  private Comparison run(String baseline, String candidate, Path out) {
    return fixtures
        .quantGate()
        .run(
            new RunRequest(
                baseline,
                candidate,
                RunPlan.of("humaneval"),
                RunEnvironment.defaults(),
                GatePolicy.DEFAULT,
                out),
            Progress.Listener.NONE);
  }

  private static Pair pair(Path out, String id) {
    return ComparisonFolder.read(out).pairs().getFirst().pairs().stream()
        .filter(pair -> pair.id().equals(id))
        .findFirst()
        .orElseThrow();
  }

  private static Texts texts(Comparison comparison) {
    return comparison.suites().getFirst().diagnostics().texts().orElseThrow();
  }

  @Test
  void aPairTellsByHowMuchEachModelPreferredItsOwnTokenWhereTheTextsPart() {
    // At token 11: 0.31 - 11 * 0.01 = 0.2, and 0.5 + 11 * 0.0625 = 1.1875, of which 4 digits stay.
    fixtures.script(models.fp16(), new Preferring(knowing("HumanEval/7"), 0.31f, -0.01f));
    fixtures.script(models.int4(), new Preferring(knowing("HumanEval/3"), 0.5f, 0.0625f));

    Comparison comparison = run(folder.resolve("out"));

    for (String id : List.of("HumanEval/3", "HumanEval/7")) {
      Pair pair = pair(folder.resolve("out"), id);
      assertThat(pair.divergence()).hasValue(PARTED);
      assertThat(pair.baseline().divergenceMargin()).hasValue(0.2);
      assertThat(pair.candidate().divergenceMargin()).hasValue(1.188);
    }
    Pair same = pair(folder.resolve("out"), "HumanEval/1");
    assertThat(same.divergence()).isEmpty();
    assertThat(same.baseline().divergenceMargin()).isEmpty();
    assertThat(texts(comparison).medianDivergence()).hasValue(PARTED);
    assertThat(texts(comparison).baselineMedianDivergenceMargin()).hasValue(0.2);
    assertThat(texts(comparison).candidateMedianDivergenceMargin()).hasValue(1.188);
  }

  @Test
  void aTokenThatWasDrawnThoughAnotherWasLikelierHasAMarginBelowZero() {
    fixtures.script(models.fp16(), new Preferring(knowing(), -0.75f, 0));
    fixtures.script(models.int4(), new Preferring(knowing("HumanEval/3"), 0, 0));

    Comparison comparison = run(folder.resolve("out"));

    assertThat(pair(folder.resolve("out"), "HumanEval/3").baseline().divergenceMargin())
        .hasValue(-0.75);
    assertThat(texts(comparison).baselineMedianDivergenceMargin()).hasValue(-0.75);
    assertThat(texts(comparison).candidateMedianDivergenceMargin()).hasValue(0);
  }

  @Test
  void whatAnEngineDoesNotTellIsAbsentOnItsSideAlone() throws IOException {
    fixtures.script(models.fp16(), new Silent(knowing()));
    fixtures.script(models.int4(), new Preferring(knowing("HumanEval/3"), 0.5f, 0));
    Path out = folder.resolve("out");

    Comparison comparison = run(out);

    for (String file : List.of("humaneval.jsonl", "journal/humaneval.answers.jsonl")) {
      assertThat(out.resolve("baseline").resolve(file)).content().doesNotContain("margins");
      assertThat(out.resolve("candidate").resolve(file)).content().contains("\"margins\":[0.5,");
    }
    assertThat(Files.readAllLines(out.resolve("pairs/humaneval.jsonl")).get(3))
        .containsOnlyOnce("\"divergenceMargin\":0.5");
    assertThat(pair(out, "HumanEval/3").baseline().divergenceMargin()).isEmpty();
    assertThat(texts(comparison).baselineMedianDivergenceMargin()).isEmpty();
    assertThat(texts(comparison).candidateMedianDivergenceMargin()).hasValue(0.5);
    assertThat(fixtures.quantGate().verify(out, VerifyRequest.standard()).sound()).isTrue();
  }

  @Test
  void aReplayedRunKeepsItsMargins() {
    fixtures.script(models.fp16(), new Preferring(knowing(), 0.25f, 0));
    fixtures.script(models.int4(), new Preferring(knowing("HumanEval/3"), 0.125f, 0));
    Path out = folder.resolve("out");
    run(out);

    Path again = folder.resolve("again");
    run("replay:%s/baseline".formatted(out), "replay:%s/candidate".formatted(out), again);

    Pair pair = pair(again, "HumanEval/3");
    assertThat(pair.baseline().divergenceMargin()).hasValue(0.25);
    assertThat(pair.candidate().divergenceMargin()).hasValue(0.125);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0.25,0.25,|0.25,|expected as many margins as tokens, found 15 and 16",
        "0.25,0.25,|0.25,1e999,|a margin is not finite"
      })
  void marginsThatAreNoneOfTheTokensAreRefusedWithTheirLine(String good, String bad, String message)
      throws IOException {
    fixtures.script(models.fp16(), new Preferring(knowing(), 0.25f, 0));
    fixtures.script(models.int4(), new Preferring(knowing(), 0.25f, 0));
    Path out = folder.resolve("out");
    run(out);
    Path records = out.resolve("candidate/humaneval.jsonl");
    Files.writeString(records, Files.readString(records).replaceFirst(good, bad));
    Reseal.inRun(out.resolve("candidate"), records);

    var request = new CompareRequest(out, out, GatePolicy.DEFAULT, folder.resolve("again"));
    assertThatThrownBy(() -> fixtures.quantGate().compare(request))
        .isInstanceOf(EvaluationException.class)
        .hasMessageStartingWith("%s, line 1: ".formatted(records))
        .hasMessageContaining(message)
        .message()
        .hasLineCount(1);
  }

  @Test
  void verifyFindsAMarginThatTheJournalDoesNotHave() throws IOException {
    fixtures.script(models.fp16(), new Preferring(knowing(), 0.25f, 0));
    fixtures.script(models.int4(), new Preferring(knowing("HumanEval/3"), 0.125f, 0));
    Path out = folder.resolve("out");
    run(out);
    Path records = out.resolve("candidate/humaneval.jsonl");
    Files.writeString(records, Files.readString(records).replaceFirst("0.125", "0.126"));
    Reseal.inRun(out.resolve("candidate"), records);

    assertThat(fixtures.quantGate().verify(out, VerifyRequest.standard()).differences())
        .anySatisfy(difference -> {
          assertThat(difference.file()).isEqualTo("candidate/humaneval.jsonl");
          assertThat(difference.field()).contains("margins");
        });
  }

  @Test
  void marginsAreRoundedToFourDigitsHoweverLargeTheyAre() {
    var margins = List.of(1.23456f, 0.00012345678f, 123456.7f, 0f, -0f, -2.00049f, 0.1f);
    var generation =
        new Generation(
            "text",
            Optional.of(List.of(1, 2, 3, 4, 5, 6, 7)),
            Optional.of(margins),
            Generation.End.EOS,
            Optional.empty());

    assertThat(Answer.Text.of(generation).margins())
        .containsExactly(1.235, 0.0001235, 123500.0, 0.0, 0.0, -2.0, 0.1);
  }
}
