package dev.quantgate.evaluation.suite.file;

import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Grading;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.protocol.Metric;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.inference.Prompt;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * The Python program that is written must pass its test in the sandbox.
 *
 * @param test a program that defines {@code check(candidate)}, or assertions that call the function
 *     by its name, of which such a program is made
 * @param setup what stands before such assertions, such as imports
 * @param code what stands before the completion in the check program; empty where the completion is
 *     the whole program
 * @param entryPoint the function's name; empty for the one that the solution defines and the test
 *     calls first
 * @param solution a program that is right, with which the sandbox is tested
 * @param pattern where the program stands in the text; empty for the first fenced block, or all of
 *     the text where there is none
 */
record ProgramJudging(
    Template test,
    Optional<Template> setup,
    Optional<Template> code,
    Optional<Template> entryPoint,
    Optional<Template> solution,
    Optional<AnswerPattern> pattern,
    Writing writing)
    implements Judging {
  static final List<String> KEYS =
      List.of("test", "setup", "code", "entry-point", "solution", "pattern");

  private static final Pattern FENCED =
      Pattern.compile("```[ \\t]*\\w*[ \\t]*\\r?\\n(.*?)(?:```|\\z)", Pattern.DOTALL);
  private static final Pattern CHECK = Pattern.compile("^def check\\(", Pattern.MULTILINE);
  private static final Pattern DEFINED =
      Pattern.compile("^(?:async )?def (\\w+)\\s*\\(", Pattern.MULTILINE);
  private static final Pattern CALLED = Pattern.compile("\\b(\\w+)\\s*\\(");
  private static final Pattern NAME = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_]{0,200}");

  static ProgramJudging of(YamlMapping yaml) {
    if (!yaml.has("entry-point") && !yaml.has("solution")) {
      throw yaml.at(
          "metric",
          "expected \"entry-point: FIELD\", the function that the test calls, or \"solution: FIELD\", which defines it");
    }
    return new ProgramJudging(
        Template.fieldOr(yaml, "test", yaml.required("test", "test: test_list")),
        field(yaml, "setup"),
        yaml.text("code").map(text -> Template.fieldOr(yaml, "code", text)),
        field(yaml, "entry-point"),
        field(yaml, "solution"),
        yaml.text("pattern").map(text -> AnswerPattern.of(yaml, "pattern", text, false)),
        Writing.of(yaml));
  }

  private static Optional<Template> field(YamlMapping yaml, String key) {
    return yaml.text(key).map(text -> Template.fieldOr(yaml, key, text));
  }

  @Override
  public Metric metric() {
    return Metric.PROGRAM;
  }

  @Override
  public List<String> continuations(Row row) {
    return List.of();
  }

  @Override
  public Key key(Row row) {
    String assertions = test.render(row);
    String right = solution.map(template -> template.render(row)).orElse("");
    if (assertions.isBlank()) {
      throw row.at("expected a test, found none (%s)".formatted(test.place()));
    }
    String name =
        entryPoint
            .map(template -> template.render(row).strip())
            .orElseGet(() -> calledFirst(row, assertions, right));
    if (!NAME.matcher(name).matches()) {
      throw row.at("expected a Python name as entry point, found \"%s\"".formatted(name));
    }
    String before = setup.map(template -> template.render(row)).orElse("");
    return new Key.Program(
        "",
        code.map(template -> template.render(row)).orElse(""),
        CHECK.matcher(assertions).find() ? assertions : check(before, name, assertions),
        name,
        right);
  }

  /** The function that a solution defines and the test calls before any other of it. */
  private String calledFirst(Row row, String assertions, String right) {
    List<String> defined = DEFINED.matcher(right).results().map(result -> result.group(1)).toList();
    return CALLED
        .matcher(assertions)
        .results()
        .map((MatchResult result) -> result.group(1))
        .filter(defined::contains)
        .findFirst()
        .orElseThrow(() ->
            row.at(
                "the test calls no function that the solution defines (%s); give \"entry-point\""
                    .formatted(String.join(", ", defined))));
  }

  /** A check program of assertions that call the function by its own name. */
  private static String check(String setup, String name, String assertions) {
    return "%s\ndef check(%s):\n%s".formatted(setup, name, assertions.strip().indent(4));
  }

  @Override
  public Key inLayout(Key key, Layout layout) {
    return key instanceof Key.Program program
        ? new Key.Program(
            layout.prelude(),
            program.prompt(),
            program.test(),
            program.entryPoint(),
            program.solution())
        : key;
  }

  @Override
  public String target(Row row) {
    return solution
        .map(template -> template.render(row))
        .orElseThrow(() -> row.at("few-shot examples need \"solution\" or \"target\""));
  }

  @Override
  public Request request(Prompt prompt, FileItem item) {
    return new Request.Generate(prompt, writing.decoding());
  }

  @Override
  public Grading grade(Question question, Answer answered) {
    return switch (answered) {
      case Answer.Written(List<Answer.Text> samples) ->
          new Grading.Programs(
              samples.stream().map(sample -> program(writing.cut(sample.text()))).toList());
      case Answer.Given(List<String> values) -> new Grading.Programs(values);
      case Answer.Scored scored ->
          throw new IllegalArgumentException(
              "%s asks for programs, not for choices".formatted(question.id()));
    };
  }

  private String program(String text) {
    if (pattern.isPresent()) {
      return pattern.get().find(text).orElse("");
    }
    var block = FENCED.matcher(text);
    return block.find() ? block.group(1) : text;
  }
}
