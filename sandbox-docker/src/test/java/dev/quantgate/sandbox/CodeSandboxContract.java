package dev.quantgate.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.SandboxOptions.Checker;
import dev.quantgate.sandbox.SandboxPrograms.Sample;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What every sandbox owes. A provider's test extends it; what it starts for each checker serves all
 * tests of the class.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(900)
public abstract class CodeSandboxContract {
  private final Map<Workers, CodeSandbox> started = new HashMap<>();

  private record Workers(int count, Checker checker) {}

  /** Starts the sandbox under test. */
  protected abstract CodeSandbox start(SandboxOptions options);

  /** The provider's kind, as the red team's file names it. */
  protected abstract String kind();

  /** Programs of the samples that this kind may call unsupported. */
  protected List<String> unsupported() {
    return List.of();
  }

  /** Attacks among the samples that only walls hold. */
  protected List<String> unheld() {
    return List.of();
  }

  private CodeSandbox sandbox(Checker checker) {
    return sandbox(2, checker);
  }

  /** The one with so many workers under a run's limits; not for a test to close. */
  protected final CodeSandbox sandbox(int workers, Checker checker) {
    return started.computeIfAbsent(
        new Workers(workers, checker),
        each -> start(new SandboxOptions(workers, checker, Limits.defaults())));
  }

  @AfterAll
  final void closeWhatWasStarted() {
    started.values().forEach(CodeSandbox::close);
  }

  /** Results by id; every job must have exactly one. */
  protected static Map<String, ExecutionResult> run(CodeSandbox sandbox, List<ExecutionJob> jobs) {
    Map<String, ExecutionResult> results = new LinkedHashMap<>();
    sandbox.run(
        jobs,
        result ->
            assertThat(results.put(result.id(), result)).as("two results for %s", result).isNull());
    assertThat(results.keySet())
        .containsExactlyInAnyOrderElementsOf(jobs.stream().map(ExecutionJob::id).toList());
    return results;
  }

  private ExecutionResult judge(Checker checker, String completion) {
    ExecutionJob job = SandboxPrograms.twice("job", completion);
    return Objects.requireNonNull(run(sandbox(checker), List.of(job)).get("job"));
  }

  @Test
  void whatItIsStandsInItsDescription() {
    SandboxDescription description = sandbox(Checker.SPLIT).description();
    assertThat(description.kind()).isEqualTo(kind());
    assertThat(description.identity()).containsKeys("python", "checker", "checkerSha256", "limits");
  }

  @ParameterizedTest
  @EnumSource(Checker.class)
  void rightPassesAndWrongFailsWithTheReasonUnderEachChecker(Checker checker) {
    ExecutionResult right = judge(checker, "    return x + x\n");
    assertThat(right.outcome()).isEqualTo(Outcome.PASSED);
    assertThat(right.testLine()).isZero();
    ExecutionResult wrong = judge(checker, "    return x\n");
    assertThat(wrong.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(wrong.detail()).isEqualTo("AssertionError: 1");
    assertThat(wrong.testLine()).isEqualTo(3);
    ExecutionResult raises = judge(checker, "    \n\n\n    return [][x]\n");
    assertThat(raises.detail()).startsWith("IndexError");
    assertThat(raises.testLine()).isEqualTo(3);
    ExecutionResult broken = judge(checker, "    return (\n");
    assertThat(broken.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(broken.detail()).startsWith("SyntaxError");
    assertThat(broken.testLine()).isZero();
    ExecutionResult ends = judge(checker, "    raise SystemExit(0)\n");
    assertThat(ends.outcome()).isEqualTo(Outcome.EARLY_EXIT);
  }

  @Test
  void everyJobOfManyGetsOneResult() {
    List<ExecutionJob> jobs = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      jobs.add(SandboxPrograms.twice("job " + i, i % 2 == 0 ? "    return 2 * x\n" : "    pass\n"));
    }
    run(sandbox(Checker.SPLIT), jobs)
        .forEach((id, result) ->
            assertThat(result.outcome() == Outcome.PASSED)
                .as("%s", result)
                .isEqualTo(Integer.parseInt(id.substring(4)) % 2 == 0));
    assertThat(run(sandbox(Checker.SPLIT), List.of())).isEmpty();
  }

  @Test
  void programsThatOthersFoundHardAreJudgedAsOpenaiHumanEvalDoes() {
    List<Sample> samples = SandboxPrograms.samples();
    assertThat(samples).hasSizeGreaterThan(30);
    List<ExecutionJob> jobs = samples.stream().map(Sample::job).toList();
    Map<String, ExecutionResult> results = run(sandbox(Checker.SPLIT), jobs);
    List<String> wrong = new ArrayList<>();
    for (Sample sample : samples) {
      ExecutionResult got = Objects.requireNonNull(results.get(sample.job().id()));
      boolean right =
          got.outcome() == Outcome.UNSUPPORTED
              ? unsupported().contains(sample.job().id())
              : got.outcome().judged() && sample.correct() == (got.outcome() == Outcome.PASSED);
      if (!right && !unheld().contains(sample.job().id())) {
        wrong.add("%s: %s (%s)".formatted(got.id(), got.outcome(), got.detail()));
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void onlyAForgedVerdictIsTamperingWhereBothJudge() {
    Map<String, ExecutionResult> results =
        run(
            sandbox(Checker.BOTH),
            List.of(
                SandboxPrograms.twice("right", "    return 2 * x\n"),
                SandboxPrograms.twice("wrong", "    return x\n"),
                SandboxPrograms.twice(
                    "always equal",
                    """
                        class Any:
                            def __eq__(self, other):
                                return True
                        return Any()
                    """),
                SandboxPrograms.twice(
                    "always equal int",
                    """
                        class Any(int):
                            def __eq__(self, other):
                                return True
                        return Any(0)
                    """),
                SandboxPrograms.twice(
                    "an own number",
                    """
                        class Own:
                            def __init__(self, value):
                                self.value = value
                            def __eq__(self, other):
                                return isinstance(other, int) and self.value == other
                        return Own(2 * x)
                    """)));
    assertThat(results.get("right"))
        .satisfies(each -> assertThat(each.outcome()).isEqualTo(Outcome.PASSED))
        .satisfies(each -> assertThat(each.disputed()).isFalse());
    assertThat(results.get("wrong"))
        .satisfies(each -> assertThat(each.outcome()).isEqualTo(Outcome.FAILED))
        .satisfies(each -> assertThat(each.official()).contains(Outcome.FAILED));
    assertThat(results.get("always equal"))
        .satisfies(each -> assertThat(each.outcome()).isEqualTo(Outcome.TAMPERED))
        .satisfies(each -> assertThat(each.official()).contains(Outcome.PASSED));
    assertThat(results.get("always equal int"))
        .satisfies(each -> assertThat(each.outcome()).isEqualTo(Outcome.TAMPERED));
    assertThat(results.get("an own number"))
        .satisfies(each -> assertThat(each.outcome()).as("%s", each).isEqualTo(Outcome.FAILED))
        .satisfies(each -> assertThat(each.disputed()).isTrue())
        .satisfies(each -> assertThat(each.doubt()).isEqualTo("an object of class Own"));
  }

  @Test
  void whatPassesForAnIdentityOrAKindThatTheCodecCannotTellIsNoForgery() {
    Map<String, ExecutionResult> results =
        run(
            sandbox(Checker.BOTH),
            List.of(
                function(
                    "an error's object",
                    "    return x.missing\n",
                    """
                        try:
                            f("text")
                        except AttributeError as error:
                            assert error.obj == "text"
                        else:
                            assert False
                    """),
                function(
                    "a generator that is sent something",
                    "    got = yield x\n    yield 2 * got\n",
                    """
                        told = f(1)
                        assert next(told) == 1 and told.send(4) == 8
                    """),
                function(
                    "a map",
                    "    return map(abs, [x])\n",
                    """
                        assert isinstance(f(-1), map)
                    """),
                function(
                    "the list that was passed",
                    "    x.append(1)\n    return x\n",
                    """
                        mine = []
                        f(mine).append(2)
                        assert mine == [1, 2]
                    """),
                function(
                    "a list passed twice",
                    "    x.append(1)\n    return len(y)\n",
                    """
                        mine = []
                        assert f(mine, mine) == 1
                    """),
                function(
                    "a row that is there twice",
                    "    return [[x] * 2] * 2\n",
                    """
                        rows = f(0)
                        rows[0][0] = 1
                        assert rows[1][0] == 1
                    """),
                function(
                    "properties of a named tuple",
                    "    from urllib.parse import urlparse\n    return urlparse(x)\n",
                    """
                        assert f("http://example.org/c").hostname == "example.org"
                    """)));
    assertThat(results)
        .hasSize(7)
        .allSatisfy((id, each) -> {
          assertThat(each.official()).as("%s", each).contains(Outcome.PASSED);
          assertThat(each.outcome()).as("%s", each).isEqualTo(Outcome.FAILED);
          assertThat(each.disputed()).isTrue();
          assertThat(each.doubt()).isNotEmpty();
        });
  }

  @Test
  void noAttributeOfAnAnswerIsCalledAsItsMethod() {
    String isText = "    assert f('abc').startswith('a')\n";
    String namespace =
        "    from types import SimpleNamespace\n    return SimpleNamespace(startswith=";
    String tuple =
        "    from collections import namedtuple\n    return namedtuple('T', 'startswith')(";
    String object = "    class T: pass\n    told = T()\n    told.startswith = ";
    String fields =
        "    from dataclasses import make_dataclass\n    return make_dataclass('T', ['startswith'])(";
    String error = "    told = ValueError()\n    told.startswith = ";
    String stops = "    assert f('abc').stop('a')\n";
    String values = "    assert f('abc').value('a')\n";
    String errors = "    assert f('abc').errno('a')\n";
    List<ExecutionJob> jobs = new ArrayList<>();
    for (String lie : List.of("bool", "lambda start: True")) {
      jobs.add(function("namespace of " + lie, "%s%s)\n".formatted(namespace, lie), isText));
      jobs.add(function("named tuple of " + lie, "%s%s)\n".formatted(tuple, lie), isText));
      jobs.add(function("dataclass of " + lie, "%s%s)\n".formatted(fields, lie), isText));
      jobs.add(
          function("object of " + lie, "%s%s\n    return told\n".formatted(object, lie), isText));
      jobs.add(
          function("error of " + lie, "%s%s\n    return told\n".formatted(error, lie), isText));
      jobs.add(function("slice of " + lie, "    return slice(%s)\n".formatted(lie), stops));
      jobs.add(function("end of " + lie, "    return StopIteration(%s)\n".formatted(lie), values));
      jobs.add(function("file of " + lie, "    return OSError(%s, '')\n".formatted(lie), errors));
    }
    assertThat(run(sandbox(Checker.SPLIT), jobs))
        .hasSize(16)
        .allSatisfy(
            (id, each) -> assertThat(each.outcome()).as("%s", each).isEqualTo(Outcome.FAILED));

    String twoTypes =
        """
            from collections import namedtuple
            from types import SimpleNamespace
            Field = namedtuple('Field', 'name kind')
            return [Field('x', int), SimpleNamespace(kind=str), {'call': lambda y: x + y, 'kind': int}]
        """;
    String allThere =
        """
            told = f('a')
            assert told[0] == ('x', int) and told[1].kind == str
            assert told[2]['call']('b') == 'ab' and told[2]['kind'] is int
        """;
    assertThat(run(sandbox(Checker.SPLIT), List.of(function("right", twoTypes, allThere))))
        .allSatisfy(
            (id, each) -> assertThat(each.outcome()).as("%s", each).isEqualTo(Outcome.PASSED));
  }

  private static ExecutionJob function(String id, String body, String test) {
    return new ExecutionJob(
        id,
        "",
        "def f(x, y=None):\n    \"\"\"Anything.\"\"\"\n",
        body,
        "def check(f):\n" + test,
        "f");
  }

  @Test
  void theOfficialCheckerLetsAPoolBeImportedAsTheReferenceDoes() {
    String completion = "    return 2 * x\n\nfrom multiprocessing import Pool\n";
    assertThat(judge(Checker.OFFICIAL, completion).outcome()).isEqualTo(Outcome.PASSED);
  }
}
