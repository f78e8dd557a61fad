package dev.quantgate.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.quantgate.sandbox.ExecutionResult.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SandboxesTest {
  private static final SandboxOptions OPTIONS = SandboxOptions.defaults();

  /** Knows the red team by heart. */
  private static Outcome right(ExecutionJob job) {
    if (job.id().startsWith("sentinel") || job.id().equals("the imports")) {
      return Outcome.PASSED;
    }
    return RedTeam.attacks().stream()
        .filter(each -> each.name().equals(job.id()))
        .findFirst()
        .filter(each -> each.expected() == RedTeam.Expected.PASS)
        .map(each -> Outcome.PASSED)
        .orElse(Outcome.FAILED);
  }

  private static final class Fake implements SandboxProvider, CodeSandbox {
    final String kind;
    final int preference;
    Optional<String> unavailable = Optional.empty();
    Function<ExecutionJob, Outcome> judge = SandboxesTest::right;
    int started;
    int closed;

    Fake(String kind, int preference) {
      this.kind = kind;
      this.preference = preference;
    }

    @Override
    public String kind() {
      return kind;
    }

    @Override
    public int preference() {
      return preference;
    }

    @Override
    public Optional<String> unavailable() {
      return unavailable;
    }

    @Override
    public CodeSandbox start(SandboxOptions options) {
      started++;
      return this;
    }

    @Override
    public SandboxDescription description() {
      return new SandboxDescription(kind, true, new TreeMap<>(), new TreeMap<>());
    }

    @Override
    public void run(List<ExecutionJob> jobs, ResultSink sink) {
      jobs.forEach(job -> sink.accept(new ExecutionResult(job.id(), judge.apply(job), "")));
    }

    @Override
    public void close() {
      closed++;
    }
  }

  private final Fake strong = new Fake("strong", 20);
  private final Fake weak = new Fake("weak", 10);
  private final Fake bare = new Fake("bare", -1);
  private final List<SandboxProvider> all = List.of(strong, weak, bare);

  @Test
  void autoTakesTheFirstWhoseSelfTestPasses() {
    strong.judge = job -> Outcome.PASSED;
    CodeSandbox opened = Sandboxes.open(all, Sandboxes.AUTO, OPTIONS);
    assertThat(opened.description().kind()).isEqualTo("weak");
    assertThat(strong.closed).isEqualTo(1);
    assertThat(weak.closed).isZero();
  }

  @Test
  void autoPassesOverWhatIsNotThereAndNeverFallsBackToABareProcess() {
    strong.unavailable = Optional.of("no daemon");
    weak.judge = job -> Outcome.FAILED;
    assertThatThrownBy(() -> Sandboxes.open(all, Sandboxes.AUTO, OPTIONS))
        .isInstanceOf(SandboxException.class)
        .hasMessageStartingWith(
            "no sandbox works on this machine, so no program of a model is executed; ")
        .hasMessageContaining("sandbox strong cannot run here: no daemon; ")
        .hasMessageContaining("sandbox weak fails its self-test and may not score: ");
    assertThat(strong.started).isZero();
    assertThat(bare.started).isZero();
  }

  @Test
  void aBareProcessIsStartedByItsNameOnly() {
    assertThat(Sandboxes.open(all, "bare", OPTIONS).description().kind()).isEqualTo("bare");
  }

  @Test
  void aBareProcessNeedNotWithstandAnythingButTellRightFromWrong() {
    Set<String> canaries =
        RedTeam.attacks().stream().map(RedTeam.Attack::name).collect(Collectors.toSet());
    bare.judge =
        job -> {
          assertThat(canaries).doesNotContain(job.id());
          assertThat(job.completion()).as("what lies on the machine").doesNotContain("/tmp");
          return right(job);
        };
    assertThat(Sandboxes.open(all, "bare", OPTIONS).description().kind()).isEqualTo("bare");
    bare.judge = job -> Outcome.PASSED;
    assertThatThrownBy(() -> Sandboxes.open(all, "bare", OPTIONS))
        .hasMessageContaining("a stub should FAIL and was PASSED");
  }

  @Test
  void theUnsafeSandboxOfThisInstallationOpensByItsName() {
    var unsafe =
        Sandboxes.all().stream()
            .filter(each -> each.kind().equals("unsafe-local"))
            .findFirst()
            .orElseThrow();
    assumeThat(unsafe.unavailable()).as("a Python here").isEmpty();
    try (CodeSandbox sandbox = Sandboxes.open("unsafe-local", OPTIONS)) {
      assertThat(sandbox.description().facts()).containsKey("WARNING");
    }
  }

  @Test
  void anUnknownNameIsRefusedWithTheNamesThatThereAre() {
    assertThatThrownBy(() -> Sandboxes.open(all, "dokcer", OPTIONS))
        .hasMessage(
            "no sandbox is called 'dokcer'; there are strong, weak, bare, or auto for the strongest"
                + " that works here");
  }

  @Test
  void aNamedSandboxThatFailsItsSelfTestIsRefusedWithWhatWentWrong() {
    strong.judge = job -> job.id().equals("always_equal") ? Outcome.PASSED : right(job);
    assertThatThrownBy(() -> Sandboxes.open(all, "strong", OPTIONS))
        .isInstanceOfSatisfying(
            SandboxException.class,
            e -> assertThat(e.kind()).isEqualTo(SandboxException.Kind.SELF_TEST_FAILED))
        .hasMessage(
            "sandbox strong fails its self-test and may not score: always_equal should FAIL and was"
                + " PASSED");
    assertThat(strong.closed).isEqualTo(1);
  }

  @Test
  void aSelfTestThatTheSandboxDoesNotAnswerIsAFailure() {
    strong.judge = job -> job.id().equals("a stub") ? Outcome.SANDBOX_ERROR : right(job);
    assertThatThrownBy(() -> Sandboxes.open(all, "strong", OPTIONS))
        .hasMessageContaining("a stub should FAIL and was SANDBOX_ERROR");
  }

  @Test
  void theRedTeamIsWholeAndEachOfItsCategoriesIsThere() {
    List<RedTeam.Attack> attacks = RedTeam.attacks();
    assertThat(attacks).hasSizeGreaterThan(210);
    assertThat(attacks).extracting(RedTeam.Attack::name).doesNotHaveDuplicates();
    assertThat(attacks)
        .extracting(RedTeam.Attack::category)
        .contains(
            "leniency", "exhaustion", "crash", "exit", "forgery", "escape", "network", "leftover");
    assertThat(attacks.stream().filter(RedTeam.Attack::canary)).hasSizeBetween(10, 20);
    assertThat(attacks).allSatisfy(each -> assertThat(each.completion()).doesNotContain("\n---- "));
    assertThat(attacks.stream().filter(each -> each.name().equals("one_megabyte_source_line")))
        .singleElement()
        .satisfies(each -> assertThat(each.completion()).contains("z".repeat(1_000_000)));
    assertThat(attacks.stream().filter(each -> each.name().equals("lone_surrogate_in_source")))
        .singleElement()
        .satisfies(each -> assertThat(each.completion()).contains("\ud800"));
  }

  @Test
  void aSampleOfTheRedTeamIsTheSameForTheSameSeed() {
    List<RedTeam.Attack> some = RedTeam.sample(20, 5);
    assertThat(some)
        .hasSize(20)
        .isEqualTo(RedTeam.sample(20, 5))
        .isNotEqualTo(RedTeam.sample(20, 6));
    assertThat(RedTeam.attacks()).containsSubsequence(some);
    assertThat(RedTeam.sample(RedTeam.attacks().size(), 1)).isEqualTo(RedTeam.attacks());
    assertThatThrownBy(() -> RedTeam.sample(0, 1))
        .hasMessage("expected a sample of 1 to " + RedTeam.attacks().size() + " attacks, found 0");
    assertThat(RedTeam.sample(RedTeam.correct(), 9, 5))
        .hasSize(9)
        .allSatisfy(each -> assertThat(each.expected()).isEqualTo(RedTeam.Expected.PASS));
  }

  @Test
  void aMalformedRedTeamIsRefused() {
    assertThatThrownBy(() -> RedTeam.parse("=== Name | pass | x\n    return 1\n"))
        .hasMessageContaining("found: === Name | pass | x");
    assertThatThrownBy(() -> RedTeam.parse("=== a | pass | x\n1\n=== a | fail | x\n2\n"))
        .hasMessageContaining("each name once");
    assertThatThrownBy(() -> RedTeam.parse("=== a | pass | x | cannary\n1\n"))
        .hasMessageContaining("unknown flag 'cannary'");
  }

  @Test
  void oneWrongLineMakesACheckBad() {
    List<RedTeam.Attack> attacks = RedTeam.attacks().subList(0, 12);
    strong.judge = right12(attacks.get(3).name());
    List<SandboxCheck.Row> rows = new ArrayList<>();
    for (RedTeam.Attack each : attacks) {
      ExecutionResult got = new ExecutionResult(each.name(), strong.judge.apply(each.job()), "why");
      boolean isRight = each.accepts("strong", SandboxOptions.Checker.SPLIT, got.outcome());
      rows.add(
          new SandboxCheck.Row(each, got, isRight, new ExecutionResult("s", Outcome.PASSED, "")));
    }
    var report = new SandboxCheck.Report(strong.description(), rows);
    assertThat(report.good()).isFalse();
    assertThat(report.rows()).filteredOn(row -> !row.good()).singleElement().isSameAs(rows.get(3));
    assertThat(new SandboxCheck.Report(strong.description(), List.of()).good()).isFalse();
  }

  private static Function<ExecutionJob, Outcome> right12(String wrong) {
    return job -> job.id().equals(wrong) ? Outcome.FAILED : right(job);
  }

  @Test
  void whatPassesOnlyWhenItJudgesItselfIsTampered() {
    ExecutionResult passed = new ExecutionResult("x", Outcome.PASSED, "");
    for (Outcome alone : List.of(Outcome.FAILED, Outcome.EARLY_EXIT)) {
      ExecutionResult both = new ExecutionResult("x", alone, "so").comparedWith(passed);
      assertThat(both.outcome()).isEqualTo(Outcome.TAMPERED);
      assertThat(both.detail()).isEqualTo("so");
      assertThat(both.official()).contains(Outcome.PASSED);
      assertThat(both.disputed()).isTrue();
    }
  }

  @Test
  void aDifferenceThatALimitOrTheCodecExplainsIsDisputedAndNoForgery() {
    ExecutionResult passed = new ExecutionResult("x", Outcome.PASSED, "");
    for (Outcome limit : List.of(Outcome.TIMEOUT, Outcome.MEMORY, Outcome.CRASHED)) {
      ExecutionResult stopped = new ExecutionResult("x", limit, "too much");
      assertThat(stopped.comparedWith(passed).outcome()).isEqualTo(limit);
      assertThat(stopped.comparedWith(passed).disputed()).isTrue();
      assertThat(passed.comparedWith(stopped).outcome()).isEqualTo(Outcome.PASSED);
      assertThat(passed.comparedWith(stopped).disputed()).isTrue();
    }
    ExecutionResult doubted =
        new ExecutionResult(
            "x",
            Outcome.FAILED,
            "AssertionError",
            0,
            Usage.NONE,
            Optional.empty(),
            "an object of class Point",
            0);
    assertThat(doubted.comparedWith(passed).outcome()).isEqualTo(Outcome.FAILED);
    assertThat(doubted.comparedWith(passed).disputed()).isTrue();
  }

  @Test
  void whereBothAgreeOrOneDidNotJudgeNothingIsDisputed() {
    ExecutionResult passed = new ExecutionResult("x", Outcome.PASSED, "");
    ExecutionResult failed = new ExecutionResult("x", Outcome.FAILED, "AssertionError");
    ExecutionResult broken = new ExecutionResult("x", Outcome.SANDBOX_ERROR, "");
    assertThat(passed.disputed()).isFalse();
    assertThat(passed.comparedWith(passed).disputed()).isFalse();
    assertThat(failed.comparedWith(failed).disputed()).isFalse();
    assertThat(broken.comparedWith(passed).outcome()).isEqualTo(Outcome.SANDBOX_ERROR);
    assertThat(broken.comparedWith(passed).disputed()).isFalse();
    assertThat(passed.comparedWith(broken).disputed()).isFalse();
  }

  @Test
  void whatTwoExecutionsTookIsAddedUp() {
    Usage split = new Usage(30, 20, 500, 1, 5, "", "", 1);
    Usage one = new Usage(20, 10, 900, 0, 7, "said", "dirt", 2);
    assertThat(split.plus(one)).isEqualTo(new Usage(50, 30, 900, 1, 12, "said", "dirt", 3));
  }
}
