package dev.quantgate.inference.tokenizer;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.InferenceException.Kind;
import dev.quantgate.inference.fixture.ByteLevelTokenizer;
import dev.quantgate.inference.fixture.TinyCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** Patterns that the library may not survive run in another process. */
class ContainedTokenizerTest {
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir private Path folder;

  @BeforeEach
  void writeTokenizer() throws IOException {
    TinyCheckpoint.writeTokenizer(folder);
  }

  private Map<String, Object> withPattern(String pattern) {
    Map<String, Object> json = new LinkedHashMap<>(ByteLevelTokenizer.json());
    Map<String, Object> split = new LinkedHashMap<>();
    split.put("type", "Split");
    split.put("pattern", Map.of("Regex", pattern));
    split.put("behavior", "Isolated");
    split.put("invert", false);
    json.put(
        "pre_tokenizer",
        Map.of(
            "type",
            "Sequence",
            "pretokenizers",
            List.of(
                split,
                Map.of(
                    "type",
                    "ByteLevel",
                    "add_prefix_space",
                    false,
                    "trim_offsets",
                    true,
                    "use_regex",
                    false))));
    return json;
  }

  @Test
  void aPatternThatAbortsTheLibraryEndsTheCallInOneLineAndNotTheProgram() throws IOException {
    TinyCheckpoint.write(folder.resolve("tokenizer.json"), withPattern("(a+)+$"));
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(tokenizer.decode(tokenizer.encode("aaa").ids())).isEqualTo("aaa");
      assertThatExceptionOfType(InferenceException.class)
          .isThrownBy(() -> tokenizer.encode("a".repeat(60) + "b"))
          .satisfies(refusal ->
              assertThat(refusal.getMessage())
                  .hasLineCount(1)
                  .startsWith(folder.resolve("tokenizer.json") + ": its pattern \"(a+)+$\" ")
                  .contains("when it read a text of 61 characters"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\\w{1,99}+$", "\\w{1,99}{1,99}!"})
  void aBoundedRepetitionOfARepetitionIsContained(String pattern) throws IOException {
    TinyCheckpoint.write(folder.resolve("tokenizer.json"), withPattern(pattern));
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThatExceptionOfType(InferenceException.class)
          .isThrownBy(() -> tokenizer.encode("%s !".formatted("a".repeat(60))))
          .satisfies(refusal ->
              assertThat(refusal.getMessage())
                  .hasLineCount(1)
                  .contains("its pattern \"%s\" ".formatted(pattern)));
    }
  }

  /** A tokenizer in a process of its own, and that process. */
  private record Contained(NativeTokenizer tokenizer, ProcessHandle process)
      implements AutoCloseable {
    @Override
    public void close() {
      tokenizer.close();
    }

    void signal(String name) throws Exception {
      String pid = Long.toString(process.pid());
      assertThat(new ProcessBuilder("kill", "-%s".formatted(name), pid).start().waitFor()).isZero();
    }
  }

  private Contained contained(Duration time) {
    String pattern = "(a+)+$";
    Set<Long> before = ProcessHandle.current().children().map(ProcessHandle::pid).collect(toSet());
    NativeTokenizer tokenizer =
        ContainedTokenizer.open(
            folder.resolve("tokenizer.json"),
            JSON.writeValueAsString(withPattern(pattern)),
            pattern,
            time);
    return new Contained(
        tokenizer,
        ProcessHandle.current()
            .children()
            .filter(each -> !before.contains(each.pid()))
            .findFirst()
            .orElseThrow());
  }

  @Test
  void aTextThatIsNotReadInItsTimeEndsTheCallAndTheProcess() throws Exception {
    try (Contained contained = contained(Duration.ZERO)) {
      contained.signal("STOP");
      assertThatExceptionOfType(InferenceException.class)
          .isThrownBy(() -> contained.tokenizer().encode("aaa", false))
          .withMessageContaining(
              "its pattern \"(a+)+$\" did not come to an end within 0 s when it read a text of 3"
                  + " characters");
      contained.process().onExit().join();
      assertThatExceptionOfType(InferenceException.class)
          .isThrownBy(() -> contained.tokenizer().encode("aaa", false))
          .withMessageContaining("cannot be used");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "INT, INTERRUPTED, stopped",
    "TERM, INTERRUPTED, stopped",
    "KILL, IO, was killed when it read a text of 1 characters"
  })
  void aSignalToItsProcessIsNotBlamedOnThePattern(String signal, Kind kind, String message)
      throws Exception {
    try (Contained contained = contained(Duration.ofMinutes(5))) {
      contained.signal(signal);
      contained.process().onExit().join();
      assertThatExceptionOfType(InferenceException.class)
          .isThrownBy(() -> contained.tokenizer().encode("b", false))
          .withMessageContaining(message)
          .withMessageNotContaining("cannot be used")
          .returns(kind, InferenceException::kind);
    }
  }

  @Test
  void aTokenizerInAProcessOfItsOwnGivesTheSameTokens() throws IOException {
    String doubtful = "(?:[a-z]+)|[^a-z]+";
    TinyCheckpoint.write(folder.resolve("tokenizer.json"), withPattern(doubtful));
    String text = "def f(x):\n  return \uD83D\uDE00 中 <|end|> x";
    try (Tokenizer contained = Tokenizers.open(folder);
        NativeTokenizer here =
            RustLibrary.open(
                folder.resolve("tokenizer.json"), JSON.writeValueAsString(withPattern(doubtful)))) {
      Tokenizer.Encoding encoding = contained.encode(text);
      assertThat(encoding.ids().stream().mapToInt(Integer::intValue))
          .containsExactly(
              java.util.Arrays.stream(here.encode(text, true).ids())
                  .boxed()
                  .toArray(Integer[]::new));
      assertThat(encoding.ends().getLast()).isEqualTo(text.length());
      assertThat(contained.decode(encoding.ids())).isEqualTo(text.replace("<|end|>", ""));
    }
  }

  @Test
  void aDamagedFileInAProcessOfItsOwnIsRefusedAsAnyOther() throws IOException {
    Map<String, Object> json = withPattern("(a|b");
    TinyCheckpoint.write(folder.resolve("tokenizer.json"), json);
    assertThatExceptionOfType(InferenceException.class)
        .isThrownBy(() -> Tokenizers.open(folder).close())
        .withMessageContaining("tokenizer.json: is refused by the tokenizers library");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
            + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|"
            + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "[0-9]",
        "\\p{N}{1,3}",
        " {2,}",
        "\\s?[a-z]+",
        "\\s+$"
      })
  void thePatternsOfWellKnownModelsRunInThisProcess(String pattern) {
    assertThat(SplitPatterns.isHarmless(pattern)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a+)+$",
        "a*a*b",
        "(?:x)",
        "x{2,}y+",
        "\\w{1,99}+$",
        "\\w{1,99}{1,99}!",
        "\\w{1,99}\\w{1,99}!",
        "\\w{9}{9}",
        "\\w{,9}*!",
        "\\w+?",
        "a?a?aa",
        "a\\g<0>\\g<0>|a"
      })
  void anyOtherPatternDoesNot(String pattern) {
    assertThat(SplitPatterns.isHarmless(pattern)).isFalse();
  }
}
