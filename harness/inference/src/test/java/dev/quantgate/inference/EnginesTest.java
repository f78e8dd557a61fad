package dev.quantgate.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.inference.fixture.TinyCheckpoint.Format;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnginesTest {
  @Test
  void aModelIsIdentifiedWithoutALoadAsItsLoadSaysIt(@TempDir Path folder) {
    TinyCheckpoint.write(folder, 1, Format.F16);
    EngineProvider cpu = Engines.find("cpu");
    ModelIdentity known = cpu.identify(new ModelReference.Folder(folder)).orElseThrow();
    try (LanguageModel model = cpu.load(folder, EngineOptions.defaults())) {
      ModelIdentity loaded = model.identity();
      assertThat(known.engine()).isEqualTo(loaded.engine());
      assertThat(known.weightsSha256()).isEqualTo(loaded.weightsSha256());
      assertThat(known.configSha256()).isEqualTo(loaded.configSha256());
      assertThat(known.tokenizerSha256()).isEqualTo(loaded.tokenizerSha256());
    }
  }

  @Test
  void theReferenceIsFoundByItsNameAndNeverChosen() {
    assertThat(Engines.all()).extracting(EngineProvider::kind).containsExactly("cpu", "reference");
    assertThat(Engines.find(Engines.AUTO).kind()).isEqualTo("cpu");
    assertThat(Engines.find("reference").kind()).isEqualTo("reference");
  }

  @Test
  void theReferenceSaysInItsIdentityThatItIsOne(@TempDir Path folder) {
    TinyCheckpoint.write(folder, 5, Format.F16);
    try (LanguageModel fast = Engines.find("cpu").load(folder, EngineOptions.defaults());
        LanguageModel reference =
            Engines.find("reference").load(folder, EngineOptions.defaults())) {
      assertThat(fast.identity().engine()).startsWith("cpu/");
      assertThat(reference.identity().engine()).startsWith("cpu-reference/");
      assertThat(reference.identity().weightsSha256()).isEqualTo(fast.identity().weightsSha256());
    }
  }

  @Test
  void anUnknownEngineIsRefusedWithThoseThereAre() {
    assertThatThrownBy(() -> Engines.find("cdua"))
        .isInstanceOf(InferenceException.class)
        .hasMessage("unknown engine \"cdua\"; known: cpu, reference");
  }

  @Test
  void anEngineWithoutABenchmarkRefusesByItsName(@TempDir Path folder) {
    var plan = new SpeedPlan(4, 4, List.of(1), 1);
    EngineProvider reference = Engines.find("reference");
    assertThatThrownBy(() ->
            reference.measure(new ModelReference.Folder(folder), EngineOptions.defaults(), plan))
        .isInstanceOf(InferenceException.class)
        .hasMessage("engine reference has no benchmark");
  }

  @Test
  void theEngineIsChosenByWhatItOpens(@TempDir Path folder) {
    var known = new ModelReference.Folder(folder);
    ModelReference address = ModelReference.parse("https://models.example/v1");
    assertThat(Engines.find(Engines.AUTO, known).kind()).isEqualTo("cpu");
    assertThatThrownBy(() -> Engines.find(Engines.AUTO, address))
        .isInstanceOf(InferenceException.class)
        .hasMessage("no engine of this machine opens https://models.example/v1");
    assertThatThrownBy(() -> Engines.find("cpu", address))
        .isInstanceOf(InferenceException.class)
        .hasMessage("engine cpu does not open https://models.example/v1");
  }

  @Test
  void onlyAnEngineThatRunsBlockByBlockIsTheQuantisers() {
    assertThat(Engines.findBlockwise(Engines.AUTO).kind()).isEqualTo("cpu");
    assertThatThrownBy(() -> Engines.findBlockwise("reference"))
        .isInstanceOf(InferenceException.class)
        .hasMessage(
            "engine reference runs whole models only, not block by block; take --engine cpu");
  }
}
