package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.answer.Services;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.ModelPreview;
import dev.quantgate.inference.ModelReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What costs nothing is asked before a model is loaded or a sandbox is started. */
class CheapChecksTest {
  @TempDir Path folder;
  private TwoModels models;
  private final Map<Path, String> tokenizers = new HashMap<>();
  private final List<String> order = new ArrayList<>();
  private Services services;

  @BeforeEach
  void makeModels() {
    models = TwoModels.in(folder);
    tokenizers.put(models.fp16(), "characters");
    tokenizers.put(models.int4(), "characters");
    var fixtures =
        new Fixtures()
            .code("humaneval", 4)
            .pairs("cmnli", 40)
            .model(models.fp16())
            .model(models.int4());
    Services doors = fixtures.doors();
    services =
        new Services(
            doors.suites(),
            new Loader(doors.models()),
            (kind, options) -> {
              order.add("sandbox");
              return doors.sandboxes().start(kind, options);
            });
  }

  private final class Loader implements Services.ModelLoader {
    private final Services.ModelLoader behind;

    private Loader(Services.ModelLoader behind) {
      this.behind = behind;
    }

    @Override
    public LanguageModel load(String engine, ModelReference model, EngineOptions options) {
      order.add("load %s".formatted(path(model).getFileName()));
      return behind.load(engine, model, options);
    }

    @Override
    public Optional<ModelPreview> preview(String engine, ModelReference model) {
      order.add("preview %s".formatted(path(model).getFileName()));
      String tokenizer = tokenizers.getOrDefault(path(model), "");
      if (tokenizer.isEmpty()) {
        throw new InferenceException(InferenceException.Kind.BAD_CHECKPOINT, "no config.json");
      }
      return Optional.of(new Letters(tokenizer));
    }

    private static Path path(ModelReference model) {
      return ((ModelReference.Folder) model).path();
    }
  }

  /** Tokens are characters, for one tokenizer in lower case. */
  private record Letters(String tokenizerSha256) implements ModelPreview {
    @Override
    public List<List<Integer>> tokens(List<String> texts) {
      boolean lower = tokenizerSha256.equals("lower case");
      return texts.stream()
          .map(text -> text.chars().map(c -> lower ? Character.toLowerCase(c) : c).boxed().toList())
          .toList();
    }
  }

  private void run(Path out) {
    new QuantGate(services)
        .run(models.request(RunPlan.of("humaneval", "cmnli"), out), Progress.Listener.NONE);
  }

  @Test
  void bothModelsAreLookedAtBeforeTheSandboxIsStartedAndWeightsAreRead() {
    run(folder.resolve("out"));
    assertThat(order)
        .containsExactly("preview fp16", "preview int4", "sandbox", "load fp16", "load int4");
  }

  @Test
  void aCandidateThatCannotBeOpenedIsRefusedBeforeTheBaselineIsLoaded() {
    tokenizers.put(models.int4(), "");
    Path out = folder.resolve("out");
    assertThatThrownBy(() -> run(out))
        .isInstanceOf(InferenceException.class)
        .hasMessage("no config.json");
    assertThat(order).containsExactly("preview fp16", "preview int4");
    assertThat(out.resolve("baseline")).doesNotExist();
    assertThat(out.resolve(".lock")).doesNotExist();
  }

  @Test
  void anotherTokenizerIsRefusedByTheFirstPromptOnWhichItDiffers() {
    tokenizers.put(models.int4(), "lower case");
    assertThatThrownBy(() -> run(folder.resolve("out")))
        .isInstanceOf(EvaluationException.class)
        .hasMessage(
            """
            the tokenizers differ: the prompt of HumanEval/0 has 35 tokens for the baseline and as many others for the candidate
            Give the candidate the baseline's tokenizer files, or judge each by quantgate eval\
            """);
    assertThat(order).containsExactly("preview fp16", "preview int4");
  }

  @Test
  void filesThatMakeTheSameTokensAreOneTokenizer() {
    tokenizers.put(models.int4(), "written by another version");
    run(folder.resolve("out"));
    assertThat(order).endsWith("load int4");
  }

  @Test
  void anotherFolderIsRefusedBeforeAnyModelIsLookedAt() throws IOException {
    Path out = Files.createDirectory(folder.resolve("mine"));
    Files.writeString(out.resolve("thesis.txt"), "mine");
    assertThatThrownBy(() -> run(out)).isInstanceOf(EvaluationException.class);
    assertThat(order).isEmpty();
  }
}
