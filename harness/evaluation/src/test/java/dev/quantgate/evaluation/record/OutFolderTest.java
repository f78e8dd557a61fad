package dev.quantgate.evaluation.record;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class OutFolderTest {
  @TempDir Path folder;

  private Path file(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, "{}");
  }

  private void usable() {
    assertThatCode(() -> new OutFolder(folder).requireUsable()).doesNotThrowAnyException();
  }

  private void refused(String message) {
    assertThatThrownBy(() -> new OutFolder(folder).requireUsable())
        .isInstanceOf(EvaluationException.class)
        .hasMessage(message);
  }

  @ParameterizedTest
  @EnumSource
  void aCheckpointUnderTheNameOfASideIsNoRun(Side side) throws IOException {
    file("%s/config.json".formatted(side));
    file("%s/model.safetensors".formatted(side));
    refused(
        "%s: is no run (no identity.json) where that of the %s belongs, it holds config.json and 1 more; give another --out"
            .formatted(folder.resolve(side.toString()), side));
  }

  @Test
  void aCheckpointBesideARunIsRefusedToo() throws IOException {
    file("baseline/identity.json");
    file("candidate/config.json");
    refused(
        "%s: is no run (no identity.json) where that of the candidate belongs, it holds config.json; give another --out"
            .formatted(folder.resolve("candidate")));
  }

  @ParameterizedTest
  @CsvSource({"report, index.html", "prompts, notes.txt", "pairs, trousers.csv"})
  void aFolderOfSomebodyElseUnderTheNameOfAPartOfARunIsRefused(String name, String inside)
      throws IOException {
    file("%s/%s".formatted(name, inside));
    refused(
        "%s: is no part of a run, and a run would be written there, it holds %s; give another --out"
            .formatted(folder.resolve(name), inside));
    file("model/identity.json");
    usable();
  }

  @Test
  void aRunThatWasStoppedBeforeItHadAnIdentityIsContinued() throws IOException {
    file(".lock");
    file("prompts/ceval.jsonl");
    file("baseline/.identity.json.part");
    Files.createDirectories(folder.resolve("candidate"));
    usable();
  }

  @Test
  void aFileUnderTheNameOfASideIsRefused() throws IOException {
    file("baseline");
    refused(
        "%s: is a file where a folder of the run belongs; give another --out"
            .formatted(folder.resolve("baseline")));
  }

  @Test
  void theFolderOfAModelIsNoFolderForItsRunHoweverItIsNamed() throws IOException {
    file("candidate/identity.json");
    Path model = folder.resolve("candidate");
    Path link = Files.createSymbolicLink(folder.resolve("elsewhere"), model);
    for (Path name : new Path[] {model, link, folder.resolve("candidate/../candidate")}) {
      assertThatThrownBy(() -> new OutFolder(folder).requireApartFrom(name))
          .hasMessageStartingWith("%s: is the folder of a model".formatted(name));
    }
    new OutFolder(folder).requireApartFrom(folder);
  }
}
