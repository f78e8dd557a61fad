package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.RunEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Suites of whose prompts hardly anything reaches a model, though it may answer them right. */
class MutePromptsTest {
  @TempDir Path folder;
  private TwoModels models;
  private Fixtures fixtures;

  @BeforeEach
  void makeModels() {
    models = TwoModels.in(folder);
    fixtures = new Fixtures().exam("ceval", 20, 20).code("humaneval", 20);
  }

  /** Knows all answers, but has a tokenizer of its own. */
  private record Spelling(FakeModel.Script behind, Tokens spelling)
      implements FakeModel.Forwarding {
    private interface Tokens {
      List<Integer> of(String text);
    }

    @Override
    public List<Integer> tokens(String text) {
      return text.startsWith("    return") ? List.of(7, 8, 2) : spelling.of(text);
    }
  }

  private Comparison run(Spelling.Tokens spelling) {
    for (Path model : List.of(models.fp16(), models.int4())) {
      fixtures.script(model, new Spelling(fixtures.new Knowing(Set.of()), spelling));
    }
    return fixtures
        .quantGate()
        .run(
            models.request(RunPlan.of("ceval", "humaneval"), folder.resolve("out")),
            Progress.Listener.NONE);
  }

  @Test
  void aTokenizerThatMakesOneTokenOfEachPromptIsInvalid() {
    Comparison comparison = run(text -> List.of(text.hashCode() & 0xFFFF));
    assertThat(comparison.verdict()).isEqualTo(Verdict.INVALID);
    assertThat(comparison.suites()).hasSize(2);
    assertThat(comparison.reason())
        .contains(
            "baseline: no prompt has more than 1 tokens: hardly anything of the questions reaches the model");
  }

  @Test
  void aTokenizerThatKnowsNoWordOfThePromptsIsInvalid() {
    Comparison comparison = run(text -> List.of(1, 0, 0, 0, text.length() % 2));
    assertThat(comparison.verdict()).isEqualTo(Verdict.INVALID);
    assertThat(comparison.reason())
        .containsPattern(
            "candidate: 40 different prompts reach the model as [12] different texts: its tokenizer does not know their words");
  }

  @Test
  void oneModelAloneIsInvalidByTheSameRule() {
    fixtures.script(
        models.fp16(),
        new Spelling(fixtures.new Knowing(Set.of()), text -> List.of(text.hashCode())));
    Evaluation evaluation =
        fixtures
            .quantGate()
            .eval(
                new EvalRequest(
                    models.fp16().toString(),
                    RunPlan.of("ceval"),
                    RunEnvironment.defaults(),
                    folder.resolve("eval")),
                Progress.Listener.NONE);
    assertThat(evaluation.exitCode()).isEqualTo(2);
    assertThat(evaluation.invalid())
        .contains(
            "ceval: no prompt has more than 1 tokens: hardly anything of the questions reaches the model");
  }

  @Test
  void anOrdinaryTokenizerIsNotAndTheTokenThatEndedATextIsOnRecord() throws IOException {
    Comparison comparison = run(text -> text.chars().boxed().toList());
    assertThat(comparison.verdict()).isEqualTo(Verdict.PASS);
    List<String> records = Files.readAllLines(folder.resolve("out/baseline/humaneval.jsonl"));
    assertThat(records)
        .hasSize(20)
        .allMatch(line -> line.contains("\"end\":\"EOS\",\"eos\":2,\"tokens\":[7,8,2]"));
  }
}
