package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.fixture.ThreadStarts;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import dev.quantgate.inference.fixture.TinyCheckpoint.Format;
import dev.quantgate.inference.tokenizer.Tokenizer;
import dev.quantgate.inference.tokenizer.Tokenizers;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Runs that ask by chat start the interpreter of chat templates once for each suite. */
class ChatRunTest {
  private static final int ITEMS = 30;
  private static final String CHOICE =
      """
      data: rows.jsonl
      metric: choice
      chat: true
      template: "Is it {{question}}?"
      choices: ["yes", "no"]
      answer: answer
      """;
  private static final String GENERATED =
      """
      data: rows.jsonl
      metric: exact-match
      chat: true
      template: "What is {{question}}?"
      answer: said
      pattern: "(.)"
      max-new-tokens: 2
      """;

  @TempDir Path folder = Path.of("");

  @BeforeEach
  void writeModelAndRows() throws IOException {
    TinyCheckpoint.write(folder.resolve("model"), 1, Format.F16);
    var rows = new StringBuilder();
    for (int i = 0; i < ITEMS; i++) {
      rows.append(
          "{\"question\": \"number %d\", \"answer\": %d, \"said\": \"x\"}%n".formatted(i, i % 2));
    }
    Files.writeString(folder.resolve("rows.jsonl"), rows);
  }

  private long starts(String name, String suite) throws Exception {
    Path file = Files.writeString(folder.resolve("%s.yaml".formatted(name)), suite);
    try (Tokenizer tokenizer = Tokenizers.open(folder.resolve("model"))) {
      tokenizer.renderChats(List.of(List.of(new Prompt.Message("user", "prepares it"))));
    }
    var said = new StringWriter();
    CommandLine command =
        Program.commandLine().setOut(new PrintWriter(said)).setErr(new PrintWriter(said));
    return ThreadStarts.during(
        ThreadStarts.CHAT_TEMPLATE,
        () ->
            assertThat(
                    Program.execute(
                        command,
                        "eval",
                        "--quiet",
                        "--engine",
                        "cpu",
                        "--threads",
                        "1",
                        "--model",
                        folder.resolve("model").toString(),
                        "--suites",
                        file.toString(),
                        "--out",
                        folder.resolve("out").toString()))
                .as(said::toString)
                .isZero());
  }

  private void requirePrompts(String name, String first) throws IOException {
    assertThat(Files.readAllLines(folder.resolve("out/prompts/%s.jsonl".formatted(name))))
        .hasSize(ITEMS)
        .first()
        .asString()
        .contains("<|im_start|>user\\n%s<|im_end|>\\n<|im_start|>assistant\\n".formatted(first));
  }

  @Test
  void aChoiceSuiteStartsItOnce() throws Exception {
    assertThat(starts("choice", CHOICE)).isEqualTo(1);
    requirePrompts("choice", "Is it number 0?");
  }

  @Test
  void aGeneratedSuiteStartsItOnce() throws Exception {
    assertThat(starts("generated", GENERATED)).isEqualTo(1);
    requirePrompts("generated", "What is number 0?");
  }

  /** What is left of a run that was stopped after its last answer: its identity and its journal. */
  @Test
  void aRunThatGoesOnWritesItsPromptsDownByOneStart() throws Exception {
    starts("generated", GENERATED);
    Files.delete(folder.resolve("out/prompts/generated.jsonl"));
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder.resolve("out/model"))) {
      for (Path file : files) {
        if (Files.isRegularFile(file) && !file.endsWith("identity.json")) {
          Files.delete(file);
        }
      }
    }
    assertThat(starts("generated", GENERATED)).isEqualTo(1);
    requirePrompts("generated", "What is number 0?");
  }
}
