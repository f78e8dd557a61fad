package dev.quantgate.evaluation.suite.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.quantgate.base.QuantGateException;
import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Grading;
import dev.quantgate.evaluation.protocol.Item;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.protocol.Metric;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.evaluation.suite.Suites;
import dev.quantgate.inference.Decoding;
import dev.quantgate.inference.Generation;
import dev.quantgate.inference.Prompt;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileSuiteTest {
  @TempDir Path folder;

  private static Path example(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(FileSuiteTest.class.getResource("/suites/" + name)).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private static List<FileItem> items(FileSuite suite) {
    return suite.load(DataOptions.standard()).items();
  }

  private static List<Question> questions(FileSuite suite, boolean chat) {
    return suite.protocol("file", Layout.OPENAI).questions(items(suite), chat);
  }

  private static Grading grade(FileSuite suite, Question question, Answer answer) {
    return suite.protocol("file", Layout.OPENAI).grade(question, answer);
  }

  private static Answer written(String text) {
    return new Answer.Written(List.of(new Answer.Text(text, Generation.End.EOS, List.of())));
  }

  private static Prompt.Text prompt(Request request) {
    return (Prompt.Text)
        switch (request) {
          case Request.Generate generate -> generate.prompt();
          case Request.Choose choose -> choose.requests().getFirst().prompt();
        };
  }

  @Test
  void questionsInTheFormOfMmluAreAskedWithExamplesOfTheirSubject() {
    FileSuite suite = FileSuite.read(example("mmlu-mini.yaml"));
    assertThat(suite.name()).isEqualTo("mmlu-mini");
    assertThat(suite.metric()).isEqualTo(Metric.CHOICE);
    assertThat(items(suite))
        .extracting(Item::id, Item::stratum, Item::cluster, Item::choices)
        .containsExactly(
            tuple("0", "abstract algebra", "0", 4),
            tuple("1", "abstract algebra", "1", 4),
            tuple("2", "astronomy", "2", 4),
            tuple("3", "astronomy", "3", 4));
    List<Question> questions = questions(suite, false);
    assertThat(questions)
        .extracting(question -> ((Key.Choice) question.key()).label())
        .containsExactly("B", "D", "C", "A");
    var choose = (Request.Choose) questions.getFirst().request();
    assertThat(choose.requests().getFirst().continuations())
        .containsExactly(" A", " B", " C", " D");
    assertThat(choose.labels()).containsExactly("A", "B", "C", "D");
    assertThat(prompt(choose).prefix())
        .isEqualTo(
            """
            The following are multiple choice questions (with answers) about abstract algebra.

            Is Z a ring?
            A. yes
            B. no
            C. sometimes
            D. never
            Answer: A

            Is N a field?
            A. yes
            B. no
            C. sometimes
            D. often
            Answer: B

            """);
    // What a template puts in is not looked at again.
    assertThat(prompt(choose).rest())
        .isEqualTo(
            "Which set is a group under addition? {{answer}}\n"
                + "A. the odd numbers\nB. the whole numbers\nC. the primes\nD. {1}\nAnswer:");
    assertThat(prompt(questions.get(2).request()).prefix())
        .contains("What is the sun?", "What is the moon?")
        .doesNotContain("Halley", "ring");
    assertThat(prompt(questions.get(3).request()).prefix())
        .isSameAs(prompt(questions.get(2).request()).prefix());
    assertThat(questions.getFirst().requests()).hasSize(3);
    assertThat(prompt(questions.getFirst().requests().get(1)).prefix())
        .doesNotContain("Is Z a ring?")
        .contains("Is N a field?");
    assertThat(suite.load(DataOptions.standard()).subjects()).hasSize(2);
  }

  @Test
  void problemsInTheFormOfGsm8kAreJudgedByTheNumberBehindTheMark() {
    FileSuite suite = FileSuite.read(example("gsm8k-mini.yaml"));
    assertThat(suite.name()).isEqualTo("gsm8k-mini");
    Question first = questions(suite, false).getFirst();
    assertThat(prompt(first.request()).text())
        .isEqualTo(
            "Question: What is 1 + 1?\nAnswer: 1 + 1 = 2\n#### 2\n\n"
                + "Question: Ann has 3 apples and buys 1,000 more. How many has she?\nAnswer:");
    assertThat(((Request.Generate) first.request()).decoding())
        .isEqualTo(Decoding.greedy(256, List.of("Question:", "</s>")));
    assertThat(first.key()).isEqualTo(new Key.Text("1003"));
  }

  @ParameterizedTest
  @CsvSource({
    "' 3 + 1000\n#### 1003',1003",
    "'#### 1,003.',1003",
    "'#### 1003\n#### 5',1003",
    "'so 1003',''",
    "'#### 7 Question: #### 1003',7",
    "'Question: #### 1003',''"
  })
  void aWrittenNumberIsExtractedAndMadePlain(String text, String said) {
    FileSuite suite = FileSuite.read(example("gsm8k-mini.yaml"));
    Question first = questions(suite, false).getFirst();
    assertThat(grade(suite, first, written(text))).isEqualTo(new Grading.Said(said));
  }

  @Test
  void aRecordedAnswerIsTheNumberOrTheWholeReasoning() {
    FileSuite suite = FileSuite.read(example("gsm8k-mini.yaml"));
    Question first = questions(suite, false).getFirst();
    for (String given : List.of("1,003", " $1003 ", "hence\n#### 1,003")) {
      assertThat(grade(suite, first, new Answer.Given(List.of(given))))
          .isEqualTo(new Grading.Said("1003"));
    }
  }

  @Test
  void problemsInTheFormOfMbppBecomeCheckPrograms() {
    FileSuite suite = FileSuite.read(example("mbpp-mini.yaml"));
    assertThat(suite.metric()).isEqualTo(Metric.PROGRAM);
    List<Question> questions = questions(suite, false);
    assertThat(questions).extracting(Question::id).containsExactly("11", "12");
    var key = (Key.Program) questions.getFirst().key();
    assertThat(key.entryPoint()).isEqualTo("remove_Occ");
    assertThat(key.prompt()).isEmpty();
    assertThat(key.solution()).contains("def helper", "def remove_Occ");
    assertThat(key.test())
        .isEqualTo(
            """

            def check(remove_Occ):
                assert remove_Occ("hello", "l") == "heo"
                assert remove_Occ("abcda", "a") == "bcd"
            """);
    var second = (Key.Program) questions.get(1).key();
    assertThat(second.entryPoint()).isEqualTo("sort_matrix");
    assertThat(second.test()).startsWith("import math\ndef check(sort_matrix):\n");
    assertThat(prompt(questions.getFirst().request()).text())
        .contains("occurrence of a character. Your code", "\nassert remove_Occ(\"abcda\"")
        .endsWith("[BEGIN]\n");
    var prelude =
        (Key.Program)
            suite
                .protocol("file", Layout.IMPORT_PRELUDE)
                .questions(items(suite), false)
                .getFirst()
                .key();
    assertThat(prelude.prelude()).contains("import hashlib");
  }

  @ParameterizedTest
  @CsvSource({
    "'def f():\n    return 1\n[DONE] more','def f():\n    return 1\n'",
    "'Sure:\n```python\ndef f():\n    pass\n```\nend','def f():\n    pass\n'",
    "'```\nx = 1\n','x = 1\n'"
  })
  void aProgramIsTheFirstBlockOrTheWholeText(String text, String program) {
    FileSuite suite = FileSuite.read(example("mbpp-mini.yaml"));
    assertThat(grade(suite, questions(suite, false).getFirst(), written(text)))
        .isEqualTo(new Grading.Programs(List.of(program)));
  }

  @Test
  void aFieldMayListAsManyChoicesAsARowHas() throws IOException {
    write(
        "rows.jsonl",
        "{\"q\":\"x\",\"e\":[\"one\",\"two\",\"three\"],\"a\":2}\n{\"q\":\"y\",\"e\":[\"f\",\"g\"],\"a\":\"g\"}");
    write(
        "s.yaml",
        "data: rows.jsonl\nmetric: choice\ntemplate: '{{q}}'\nchoices: e\nanswer: a\nrule: mean\n");
    FileSuite suite = FileSuite.read(folder.resolve("s.yaml"));
    List<Question> questions = questions(suite, false);
    assertThat(questions)
        .extracting(question -> ((Key.Choice) question.key()).label())
        .containsExactly("C", "B");
    assertThat(
            ((Request.Choose) questions.getFirst().request()).requests().getFirst().continuations())
        .containsExactly(" one", " two", " three");
    var scored =
        new Answer.Scored(
            List.of(new Answer.ChoiceScore(-4, 4, -4, 4), new Answer.ChoiceScore(-3, 1, -3, 1)));
    assertThat(grade(suite, questions.get(1), scored))
        .isEqualTo(new Grading.Chosen(OptionalInt.of(0), OptionalDouble.of(2)));
  }

  @Test
  void aChatSuiteAsksInAMessageWhereTheModelHasATemplate() throws IOException {
    write("rows.jsonl", "{\"q\":\"x\",\"a\":\"Yes\"}");
    write(
        "s.yaml",
        "data: rows.jsonl\nmetric: exact-match\ntemplate: '{{q}}?'\nanswer: a\nchat: true\nignore-case: yes\n");
    FileSuite suite = FileSuite.read(folder.resolve("s.yaml"));
    assertThat(((Request.Generate) questions(suite, true).getFirst().request()).prompt())
        .isEqualTo(new Prompt.Chat(List.of(new Prompt.Message("user", "x?")), ""));
    assertThat(prompt(questions(suite, false).getFirst().request()).text()).isEqualTo("x?");
    assertThat(grade(suite, questions(suite, false).getFirst(), written(" YES\n")))
        .isEqualTo(new Grading.Said("yes"));
  }

  @Test
  void theHashIsOfAllFilesThatDescribeTheSuite() throws IOException {
    for (String file : List.of("mmlu-mini.yaml", "mmlu-mini.jsonl", "mmlu-mini-dev.jsonl")) {
      Files.copy(example(file), folder.resolve(file));
    }
    String before = hash();
    assertThat(hash()).isEqualTo(before).hasSize(64);
    for (String file : List.of("mmlu-mini.yaml", "mmlu-mini.jsonl", "mmlu-mini-dev.jsonl")) {
      String text = Files.readString(folder.resolve(file));
      Files.writeString(folder.resolve(file), text + "\n");
      assertThat(hash()).as(file).isNotEqualTo(before);
      Files.writeString(folder.resolve(file), text);
    }
    assertThat(hash()).isEqualTo(before);
  }

  private String hash() {
    return FileSuite.read(folder.resolve("mmlu-mini.yaml"))
        .load(DataOptions.standard())
        .origin()
        .sha256();
  }

  /** A line of the description is changed, and the refusal names its line. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "metric: choice | metric: choices | line 2: expected one of choice, exact-match, program under \"metric\", found \"choices\", did you mean \"choice\"?",
        "template: '{{q}}' | templat: '{{q}}' | line 1: expected \"template\", such as template:",
        "answer: a | answer: a\\nanswr: b | line 6: unknown key \"answr\", did you mean \"answer\"?; known: name",
        "answer: a | answer: a\\nanswer: b | line 6: expected each key once",
        "answer: a | answer: a\\nstop: [x] | line 6: unknown key \"stop\"",
        "answer: a | answer: a\\nrule: [sum] | line 6: expected one text under \"rule\", found a list",
        "choices: [x, y] | choices: [x] | line 4: expected at least two choices, found 1",
        "choices: [x, y] | choices: [x, [y]] | line 4: expected a list of texts",
        "choices: [x, y] | choices: [x, y]\\nlabels: [A] | line 5: expected as many labels as choices, 2, found 1",
        "choices: [x, y] | choices: [x, y | expected YAML, found something else",
        "data: rows.jsonl | data: '' | line 1: expected \"data\", such as data: items.jsonl",
        "data: rows.jsonl | data: none.jsonl | none.jsonl: expected a file, found nothing",
        "data: rows.jsonl | data: rows.jsonl\\nname: Mine | line 2: expected a name of lower-case letters",
        "data: rows.jsonl | data: rows.jsonl\\nfew-shot: {data: rows.jsonl, count: 0} | line 2: expected a whole number from 1 to 64 under \"count\", found \"0\"",
        "data: rows.jsonl | data: rows.jsonl\\nfew-shot: {data: rows.jsonl, count: 3} | rows.jsonl: expected 3 examples, found 2"
      })
  void whatIsWrongInTheDescriptionIsToldWithFileAndLine(String line, String wrong, String message)
      throws IOException {
    String right =
        "data: rows.jsonl\nmetric: choice\ntemplate: '{{q}}'\nchoices: [x, y]\nanswer: a\n";
    write("rows.jsonl", "{\"q\":\"1\",\"a\":0}\n{\"q\":\"2\",\"a\":\"y\"}");
    write("suite.yaml", right);
    assertThat(items(FileSuite.read(folder.resolve("suite.yaml")))).hasSize(2);
    String changed = right.replace(line, wrong.replace("\\n", "\n"));
    assertThat(changed).isNotEqualTo(right);
    write("suite.yaml", changed);
    assertThatThrownBy(() -> items(FileSuite.read(folder.resolve("suite.yaml"))))
        .isInstanceOf(QuantGateException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"q\":\"2\"} | rows.jsonl, line 2: has no \"a\", which suite.yaml, line 5 (answer) names; it has q",
        "{\"q\":\"2\",\"a\":2} | line 2: expected an answer that is one of [x, y], a choice's text or its index from 0, found \"2\" (suite.yaml, line 5 (answer))",
        "{\"q\":{},\"a\":1} | line 2: expected a text, number or list under \"q\"",
        "{\"q\":null,\"a\":1} | line 2: has no \"q\", which suite.yaml, line 3 (template) names",
        "[1] | line 2: expected a JSON object, found a list",
        "{\"q\":\"2\",\"a\":1,\"id\":\"7\"} | line 1: has no \"id\"",
        "{\"q\" | line 2: expected a JSON object"
      })
  void whatIsWrongInARowIsToldWithFileAndLine(String row, String message) throws IOException {
    boolean named = row.contains("\"id\"");
    write("rows.jsonl", "{\"q\":\"1\",\"a\":0}\n" + row);
    write(
        "suite.yaml",
        "data: rows.jsonl\nmetric: choice\ntemplate: '{{q}}'\nchoices: [x, y]\nanswer: a\n"
            + (named ? "id: id\n" : ""));
    assertThatThrownBy(() -> items(FileSuite.read(folder.resolve("suite.yaml"))))
        .isInstanceOf(QuantGateException.class)
        .hasMessageContaining(message);
  }

  @Test
  void anIdIsThereOnceAndOfOneLine() throws IOException {
    write("suite.yaml", "data: rows.jsonl\nmetric: exact-match\ntemplate: '{{q}}'\nanswer: a\n");
    write("rows.jsonl", "{\"id\":\"x\",\"q\":1,\"a\":1}\n\n{\"id\":\"x\",\"q\":2,\"a\":1}");
    assertThatThrownBy(() -> items(FileSuite.read(folder.resolve("suite.yaml"))))
        .hasMessageContaining("line 3: expected each id once, found \"x\" again (first on line 1)");
    write("rows.jsonl", "{\"id\":\"x\\ny\",\"q\":1,\"a\":1}");
    assertThatThrownBy(() -> items(FileSuite.read(folder.resolve("suite.yaml"))))
        .hasMessageContaining("line 1: expected an id of one line");
  }

  @Test
  void anExpressionThatDoesNotEndIsRefusedWithItsLine() throws IOException {
    write("rows.jsonl", "{\"q\":1,\"a\":1}");
    write(
        "suite.yaml",
        "data: rows.jsonl\nmetric: exact-match\ntemplate: '{{q}}'\nanswer: a\npattern: '(.*,){12}z'\n");
    FileSuite suite = FileSuite.read(folder.resolve("suite.yaml"));
    Question question = questions(suite, false).getFirst();
    assertThatThrownBy(() -> grade(suite, question, written(",".repeat(60))))
        .isInstanceOf(QuantGateException.class)
        .hasMessageContaining("suite.yaml, line 5 (pattern): the regular expression");
    write(
        "suite.yaml",
        "data: rows.jsonl\nmetric: exact-match\ntemplate: '{{q}}'\nanswer: a\npattern: '(a'\n");
    assertThatThrownBy(() -> FileSuite.read(folder.resolve("suite.yaml")))
        .hasMessageContaining("line 5: expected a regular expression under \"pattern\"");
  }

  @Test
  void aSuiteIsFoundByItsFileUnlessItTakesAKnownName() throws IOException {
    Path yaml = example("mbpp-mini.yaml");
    assertThat(Suites.find(yaml.toString()).name()).isEqualTo("mbpp-mini");
    write("ceval.yaml", "data: rows.jsonl\nmetric: exact-match\ntemplate: '{{q}}'\nanswer: a\n");
    assertThatThrownBy(() -> Suites.find(folder.resolve("ceval.yaml").toString()))
        .hasMessageContaining("its suite is called \"ceval\", as one of the program's own is");
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(folder.resolve(name), text);
  }
}
