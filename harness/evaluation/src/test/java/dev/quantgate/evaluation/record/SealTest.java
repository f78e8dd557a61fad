package dev.quantgate.evaluation.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SealTest {
  @TempDir Path folder;

  record Thing(String id, int number) {}

  private Path lines() {
    Path file = folder.resolve("things.jsonl");
    Disk.writeLines(file, List.of(new Thing("a", 1), new Thing("二", 2), new Thing("c", 3)));
    return file;
  }

  private Path page() {
    Path file = folder.resolve("thing.json");
    Disk.writePage(file, new Thing("二", 2));
    return file;
  }

  private static List<Thing> read(Path file) {
    List<Thing> things = new ArrayList<>();
    Disk.readLines(file, 2, Thing.class, things::add);
    return things;
  }

  @Test
  void linesAndPagesAreReadAsTheyWereWritten() throws IOException {
    assertThat(read(lines()))
        .containsExactly(new Thing("a", 1), new Thing("二", 2), new Thing("c", 3));
    assertThat(Disk.readPage(page(), Thing.class)).isEqualTo(new Thing("二", 2));
    assertThat(Files.readAllLines(lines()).getFirst())
        .startsWith("{\"schemaVersion\":2,\"id\":\"a\",\"number\":1,\"checksum\":\"");
    assertThat(Files.readString(page()))
        .startsWith(
            "{\n"
                + "  \"schemaVersion\" : 2,\n"
                + "  \"id\" : \"二\",\n"
                + "  \"number\" : 2,\n"
                + "  \"checksum\" : \"")
        .endsWith("\"\n}\n");
  }

  @Test
  void aLineThatIsChangedTakenOutMovedOrPutInIsNamed() throws IOException {
    List<String> whole = Files.readAllLines(lines());
    refused(
        List.of(whole.get(0), whole.get(1).replace(":2,\"checksum", ":5,\"checksum"), whole.get(2)),
        2);
    refused(List.of(whole.get(0), whole.get(2)), 2);
    refused(List.of(whole.get(1), whole.get(0), whole.get(2)), 1);
    refused(List.of(whole.get(0), whole.get(0), whole.get(1), whole.get(2)), 2);
    refused(List.of(whole.get(0), "{\"id\":\"b\",\"number\":9}", whole.get(2)), 2);
  }

  private void refused(List<String> lines, int line) throws IOException {
    Path file = folder.resolve("things.jsonl");
    Files.write(file, lines);
    assertThatThrownBy(() -> read(file))
        .isInstanceOf(EvaluationException.class)
        .hasMessageStartingWith(file + ", line " + line + ": ")
        .message()
        .hasLineCount(1);
  }

  @Test
  void linesOfOneFileAreNoneOfAnother() throws IOException {
    Path other = folder.resolve("others.jsonl");
    Files.copy(lines(), other);
    assertThatThrownBy(() -> read(other)).hasMessageStartingWith(other + ", line 1: was changed");
  }

  @Test
  void everyChangedByteIsFound() throws IOException {
    byte[] wholeLines = Files.readAllBytes(lines());
    byte[] wholePage = Files.readAllBytes(page());
    var random = new Random(7);
    int refused = 0;
    for (int i = 0; i < wholeLines.length - 1; i++) {
      byte[] bytes = wholeLines.clone();
      bytes[i] ^= (byte) (1 << random.nextInt(8));
      Files.write(folder.resolve("things.jsonl"), bytes);
      assertThatThrownBy(() -> read(folder.resolve("things.jsonl")))
          .isInstanceOf(EvaluationException.class);
      refused++;
    }
    for (int i = 0; i < wholePage.length; i++) {
      byte[] bytes = wholePage.clone();
      bytes[i] ^= (byte) (1 << random.nextInt(8));
      Files.write(folder.resolve("thing.json"), bytes);
      assertThatThrownBy(() -> Disk.readPage(folder.resolve("thing.json"), Thing.class))
          .isInstanceOf(EvaluationException.class);
      refused++;
    }
    assertThat(refused).isGreaterThan(300);
  }

  @Test
  void newerFilesAreRefusedAsNewerEvenWhereTheyCannotBeUnderstood() throws IOException {
    Path file = folder.resolve("thing.json");
    Files.writeString(file, "{\"schemaVersion\": 3, \"things\": [1, 2]}");
    assertThatThrownBy(() -> Disk.readPage(file, Thing.class))
        .isInstanceOfSatisfying(
            EvaluationException.class,
            e -> assertThat(e.kind()).isEqualTo(EvaluationException.Kind.NEWER))
        .hasMessage(
            file
                + ": was written by a newer QuantGate (schema 3, this one reads up to 2); update"
                + " it");
    Path lines = folder.resolve("things.jsonl");
    Files.writeString(lines, "{\"schemaVersion\":99}\n");
    assertThatThrownBy(() -> read(lines))
        .hasMessage(
            lines
                + ", line 1: was written by a newer QuantGate (schema 99, this one reads up to 2);"
                + " update it");
  }

  @Test
  void olderFilesAndFieldsThatAreNotKnownAreRead() throws IOException {
    Path file = folder.resolve("things.jsonl");
    Files.writeString(file, "{\"id\":\"a\",\"number\":1,\"colour\":\"red\"}\n");
    List<Thing> things = new ArrayList<>();
    Disk.readLines(file, 1, Thing.class, things::add);
    assertThat(things).containsExactly(new Thing("a", 1));
    assertThatThrownBy(() -> read(file))
        .hasMessage(file + ", line 1: is damaged: expected schemaVersion 2, found 1");
  }

  @Test
  void anotherFieldInANewFormIsNoDamage() {
    record Bigger(String id, int number, String colour) {}
    Path file = folder.resolve("things.jsonl");
    Disk.writeLines(file, List.of(new Bigger("a", 1, "red")));
    assertThat(read(file)).containsExactly(new Thing("a", 1));
  }

  @Test
  void aJournalOfTheFirstFormGoesOnInTheNewOne() throws IOException {
    Path file = folder.resolve("old.jsonl");
    Files.writeString(file, "{\"id\":\"a\",\"number\":1}\n");
    try (Journal<Thing> journal = Journal.open(file, 1, Thing.class, thing -> {})) {
      journal.append(new Thing("b", 2));
    }
    List<Thing> things = new ArrayList<>();
    Journal.open(file, 1, Thing.class, things::add).close();
    assertThat(things).containsExactly(new Thing("a", 1), new Thing("b", 2));
    Files.write(
        file,
        "{\"id\":\"c\",\"number\":3}\n".getBytes(UTF_8),
        java.nio.file.StandardOpenOption.APPEND);
    assertThatThrownBy(() -> Journal.open(file, 1, Thing.class, thing -> {}))
        .hasMessageStartingWith(file + ", line 3: is damaged");
  }

  @Test
  void nothingIsWrittenThroughASymbolicLink() throws IOException {
    Path victim = folder.resolve("victim");
    Files.writeString(victim, "precious");
    Path journal = folder.resolve("link.jsonl");
    Files.createSymbolicLink(journal, victim);
    Path page = folder.resolve("link.json");
    Files.createSymbolicLink(page, victim);
    Files.createSymbolicLink(folder.resolve(".other.json.part"), victim);

    assertThatThrownBy(() -> Journal.open(journal, 2, Thing.class, thing -> {}))
        .hasMessageContaining("found a symbolic link");
    assertThatThrownBy(() -> Disk.writePage(page, new Thing("a", 1)))
        .hasMessageContaining("symbolic link");
    Disk.writePage(folder.resolve("other.json"), new Thing("a", 1));

    assertThat(victim).hasContent("precious");
  }

  @Test
  void aFolderThatIsNoRunAndOneWithALinkInItAreRefused() throws IOException {
    Path checkpoint = Files.createDirectory(folder.resolve("checkpoint"));
    Files.writeString(checkpoint.resolve("config.json"), "{}");
    assertThatThrownBy(() -> new OutFolder(checkpoint).requireUsable())
        .hasMessage(
            checkpoint + ": is neither empty nor a run, it holds config.json; give another --out");

    Path linked = Files.createDirectories(folder.resolve("linked"));
    Files.createSymbolicLink(linked.resolve("prompts"), checkpoint);
    assertThatThrownBy(() -> new OutFolder(linked).requireUsable())
        .hasMessageStartingWith(linked.resolve("prompts") + ": is a symbolic link");

    new OutFolder(Files.createDirectory(folder.resolve("empty"))).requireUsable();
    new OutFolder(folder.resolve("nothing")).requireUsable();
  }

  @Test
  void aLockIsTakenAwayWithItsHolder() {
    try (Lock _ = Lock.take(folder)) {
      assertThat(folder.resolve(".lock")).exists();
      assertThatThrownBy(() -> Lock.take(folder)).hasMessageContaining("another run works");
    }
    assertThat(folder.resolve(".lock")).doesNotExist();
    Lock.take(folder).close();
  }
}
