package dev.quantgate.evaluation.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.base.FileException;
import dev.quantgate.evaluation.RunRequest;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import dev.quantgate.evaluation.gate.Margin;
import dev.quantgate.evaluation.gate.MarginKind;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.run.BaselineChoice;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.sandbox.Limits;
import dev.quantgate.sandbox.SandboxOptions.Checker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
  @TempDir Path folder;

  private static final Map<Setting, String> TYPED =
      Map.of(Setting.BASELINE, "a", Setting.CANDIDATE, "b", Setting.SUITES, "humaneval, ceval");

  private Optional<Path> config(String text) throws IOException {
    return Optional.of(Files.writeString(folder.resolve("quantgate.yaml"), text));
  }

  @Test
  void whatWasTypedWinsOverTheEnvironmentItOverTheFileAndThatOverTheDefaults() throws IOException {
    Optional<Path> file = config("limit: 1\nmargin: 2.5\nseed: 3\nout: from-file\n");
    Map<String, String> environment =
        Map.of("QUANTGATE_LIMIT", "20", "QUANTGATE_MARGIN", "0.5", "HOME", "x");
    Settings settings =
        Settings.resolve(
            Map.of(
                Setting.LIMIT, "300",
                Setting.BASELINE, "a",
                Setting.CANDIDATE, "b",
                Setting.SUITES, "cmnli"),
            environment,
            file);
    RunRequest request = settings.runRequest();
    assertThat(request.plan().limit()).hasValue(300);
    assertThat(request.policy().margin()).isEqualTo(0.5);
    assertThat(request.plan().seed()).isEqualTo(3);
    assertThat(request.out()).isEqualTo(Path.of("from-file"));
    assertThat(request.environment().engine()).isEqualTo("auto");
  }

  @Test
  void marginsThatAreNoneAreRefusedWithTheirPlace() {
    assertThatThrownBy(() -> policy(Map.of(Setting.MARGIN, "2")))
        .hasMessageContaining("needs a reason; say it as --margin-reason TEXT");
    assertThat(policy(Map.of(Setting.MARGIN, "2", Setting.MARGIN_REASON, "small")).marginReason())
        .contains("small");
    assertThatThrownBy(() -> policy(Map.of(Setting.MARGIN_KIND, "relativ")))
        .hasMessage(
            "--margin-kind: expected absolute, relative or relative-below-N, found \"relativ\"");
    for (String wrong :
        List.of(
            "ceval=0.5",
            "{ceval: wide}",
            "{ceval: {points: 2}}",
            "{ceval: 1, ceval: 2}",
            "{ceval: %s}".formatted("9".repeat(400)),
            "{a: [")) {
      assertThatThrownBy(() -> policy(Map.of(Setting.MARGINS, wrong)))
          .hasMessageStartingWith("--margins: expected a mapping of suites to margins, such as");
    }
    assertThatThrownBy(() -> policy(Map.of(Setting.MARGINS, "{ceval: {margin: 2, reason: ' '}}")))
        .hasMessageContaining("margins: ceval: a margin of 2 is wider than 1 and needs a reason");
  }

  private static GatePolicy policy(Map<Setting, String> typed) {
    return Settings.resolve(typed, Map.of(), Optional.empty()).policy();
  }

  @Test
  void everythingThatAFlagSaysCanBeSaidInTheFile() throws IOException {
    Optional<Path> file =
        config(
            """
            baseline: fp16
            candidate: replay:int4.jsonl
            suites: [humaneval, ceval]
            data: data
            accept-data: true
            out: there
            limit: 50
            seed: 9
            protocol:
              ceval: lm-eval-5shot
              humaneval: humaneval/instruct
            layout: import-prelude
            temperature: 0.8
            top-p: 0.95
            samples: 4
            max-new-tokens: 99
            margin: 0.75
            margin-kind: relative below 50
            margin-reason: none is needed
            margins:
              humaneval: {margin: 2, kind: absolute, reason: 164 problems}
              ceval: 0.5
            stop-when-decided: true
            reuse-baseline: true
            frozen-baseline: sha256:%s
            on-inconclusive: report
            engine: cpu
            device: 1
            gpu-memory: 2G
            threads: 3
            memory: 1.5G
            max-batch: 8
            chat-date: 2026-07-26
            sandbox: embedded
            require-sandbox: embedded
            checker: both
            workers: 2
            time-limit: 1.5
            cpu-limit: 2
            memory-limit: 1G
            process-limit: 9
            file-limit: 3M
            output-limit: 0
            frame-limit: 64K
            slow-down-limit: 5
            model: fp16
            """
                .formatted("1f".repeat(32)));
    Settings settings = Settings.resolve(Map.of(), Map.of(), file);
    RunRequest request = settings.runRequest();
    assertThat(request.environment().sandboxOptions().limits())
        .isEqualTo(
            new Limits(
                Duration.ofMillis(1500),
                Duration.ofSeconds(2),
                1L << 30,
                9,
                3L << 20,
                0,
                1 << 16,
                5));
    var assignment = request.plan();
    assertThat(request.baselineRun())
        .isEqualTo(new BaselineChoice(true, Optional.of("1f".repeat(32))));
    assertThat(request.baseline()).isEqualTo("fp16");
    assertThat(request.candidate()).isEqualTo("replay:int4.jsonl");
    assertThat(assignment.suites()).containsExactly("humaneval", "ceval");
    assertThat(assignment.data()).contains(Path.of("data"));
    assertThat(assignment.acceptData()).isTrue();
    assertThat(assignment.limit()).hasValue(50);
    assertThat(assignment.seed()).isEqualTo(9);
    assertThat(assignment.protocols())
        .isEqualTo(Map.of("ceval", "lm-eval-5shot", "humaneval", "instruct"));
    assertThat(assignment.layout()).isEqualTo(Layout.IMPORT_PRELUDE);
    assertThat(assignment.sampling().temperature()).isEqualTo(0.8);
    assertThat(assignment.sampling().topP()).isEqualTo(0.95);
    assertThat(assignment.sampling().samples()).isEqualTo(4);
    assertThat(assignment.sampling().maxNewTokens()).hasValue(99);
    assertThat(request.policy().margin()).isEqualTo(0.75);
    assertThat(request.policy().marginKind()).isEqualTo(new MarginKind(50));
    assertThat(request.policy().marginReason()).contains("none is needed");
    assertThat(request.policy().margins())
        .isEqualTo(
            Map.of(
                "humaneval", new Margin(2, MarginKind.ABSOLUTE, Optional.of("164 problems")),
                "ceval", new Margin(0.5, new MarginKind(50), Optional.empty())));
    assertThat(request.policy().onInconclusive()).isEqualTo(OnInconclusive.REPORT);
    assertThat(request.environment().engine()).isEqualTo("cpu");
    assertThat(request.environment().engineOptions().threads()).isEqualTo(3);
    assertThat(request.environment().engineOptions().memoryBytes()).hasValue(3L << 29);
    assertThat(request.environment().engineOptions().maxBatch()).isEqualTo(8);
    assertThat(request.environment().engineOptions().device())
        .isEqualTo(new EngineOptions.Device(OptionalInt.of(1), OptionalLong.of(2L << 30)));
    assertThat(request.environment().sandbox()).isEqualTo("embedded");
    assertThat(request.environment().requiredSandbox()).contains("embedded");
    assertThat(request.environment().sandboxOptions().checker()).isEqualTo(Checker.BOTH);
    assertThat(request.environment().sandboxOptions().workers()).isEqualTo(2);
    assertThat(request.out()).isEqualTo(Path.of("there"));
    // A limit and named items exclude each other.
    for (Setting setting : Setting.values()) {
      assertThat(settings.isSaid(setting)).as(setting.key()).isEqualTo(setting != Setting.ITEMS);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "LIMIT|0|--limit: expected a whole number of at least 1, found \"0\"",
        "LIMIT|ten|--limit: expected a whole number of at least 1, found \"ten\"",
        "MARGIN|NaN|--margin: expected a number from 0 to 100, found \"NaN\"",
        "CHAT_DATE|26.7.2026|--chat-date: expected a day such as 2026-07-26, found \"26.7.2026\"",
        "MARGIN|101|--margin: expected a number from 0 to 100, found \"101\"",
        "TEMPERATURE|-1|--temperature: expected a number from 0 to 100, found \"-1\"",
        "TOP_P|0|--top-p: expected a number from 0.000001 to 1, found \"0\"",
        "TOP_P|0.9|--top-p says nothing at temperature 0",
        "SAMPLES|20000|--samples: expected a whole number from 1 to 10000, found \"20000\"",
        "ITEMS|,|--items: expected at least one id, found \",\"",
        "OUT|''|--out: expected a value, found nothing; leave the flag out, or give it one",
        "LIMIT|' '|--limit: expected a value, found nothing",
        "MEMORY|much|--memory: expected a size such as 12G or 800M, found \"much\"",
        "MEMORY|0|--memory: expected a size such as 12G or 800M, found \"0\"",
        "MEMORY|99999999999999T|--memory: expected a size such as 12G or 800M, found"
            + " \"99999999999999T\"",
        "CHECKER|me|--checker: expected one of split, official, both, found \"me\"",
        "LAYOUT|none|--layout: expected a layout, found \"none\"",
        "PROTOCOL|ceval|--protocol: expected SUITE=VARIANT, one for each suite, such as ceval=lm-eval, found \"ceval\"",
        "PROTOCOL|cmnli=x|a protocol is chosen for suite \"cmnli\", which is not among the suites"
            + " of this run",
        "ACCEPT_DATA|maybe|--accept-data: expected true or false, found \"maybe\"",
        "TIME_LIMIT|0|--time-limit: expected seconds between 0.1 and 3600, found \"0\"",
        "CPU_LIMIT|NaN|--cpu-limit: expected seconds between 0.1 and 3600, found \"NaN\"",
        "MEMORY_LIMIT|64M|--memory-limit: expected a size between 134217728 bytes",
        "PROCESS_LIMIT|0|--process-limit: expected a whole number of at least 1",
        "OUTPUT_LIMIT|2M|--output-limit: expected a size between 0 bytes and 1048576",
        "THREADS|70000|--threads: expected a whole number from 1 to 1024, found \"70000\"",
        "WORKERS|70000|--workers: expected a whole number from 1 to 1024, found \"70000\"",
        "SLOW_DOWN_LIMIT|x|--slow-down-limit: expected a whole number",
        "SAMPLES|3|3 greedy samples would all be the same"
      })
  void whatCannotBeIsRefusedWithItsPlace(Setting setting, String text, String message) {
    var typed = new java.util.EnumMap<Setting, String>(TYPED);
    typed.put(setting, text);
    assertThatThrownBy(() -> Settings.resolve(typed, Map.of(), Optional.empty()).runRequest())
        .isInstanceOf(EvaluationException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void aFileWithoutAnIdIsNotTakenForAllItems() throws IOException {
    Path none = Files.writeString(folder.resolve("none.txt"), "\n \n");
    Map<Setting, String> typed = new java.util.EnumMap<>(TYPED);
    typed.put(Setting.ITEMS, "@" + none);
    assertThatThrownBy(() -> Settings.resolve(typed, Map.of(), Optional.empty()).runRequest())
        .hasMessage("--items: expected at least one id, found \"@%s\"".formatted(none));
  }

  @Test
  void aMessageNamesTheVariableOrTheFileThatAValueCameFrom() throws IOException {
    assertThatThrownBy(() ->
            Settings.resolve(TYPED, Map.of("QUANTGATE_SEED", "x"), Optional.empty()).runRequest())
        .hasMessageStartingWith("QUANTGATE_SEED: expected a whole number");
    Optional<Path> file = config("seed: x\n");
    assertThatThrownBy(() -> Settings.resolve(TYPED, Map.of(), file).runRequest())
        .hasMessageStartingWith("quantgate.yaml: seed: expected a whole number");
  }

  @Test
  void whatIsMissingIsNamedWithEveryWayToSayIt() {
    assertThatThrownBy(() -> Settings.resolve(Map.of(), Map.of(), Optional.empty()).runRequest())
        .hasMessageStartingWith("--baseline is missing")
        .hasMessageContaining("QUANTGATE_BASELINE")
        .hasMessageContaining("quantgate.yaml");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "margn: 1|unknown key \"margn\", did you mean \"margin\"?; known: baseline",
        "- a|expected keys and values",
        "limit: [1, {a: b}]|limit: expected one value",
        "seed: {a: 1}|seed: expected one value",
        "'a: [1'|is not valid YAML",
        "'seed: 1\nseed: 2'|is not valid YAML"
      })
  void aFileThatIsNoConfigurationIsRefused(String text, String message) throws IOException {
    Optional<Path> file = config(text.replace("\\n", "\n"));
    assertThatThrownBy(() -> Settings.resolve(TYPED, Map.of(), file))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("quantgate.yaml")
        .hasMessageContaining(message);
  }

  private static final Map<String, Set<String>> COMMANDS =
      Map.of("run", Set.of("quiet", "out", "limit"), "demo", Set.of("quiet", "out", "candidate"));

  @Test
  void aKeyUnderACommandHoldsForItAloneAndWinsOverTheTop() throws IOException {
    Path file =
        config(
                """
                limit: 3
                quiet: true
                out: everywhere
                run:
                  limit: 7
                demo:
                  out: elsewhere
                """)
            .orElseThrow();
    ConfigFile run = ConfigFile.read(file, COMMANDS, "run");
    assertThat(run.settings())
        .containsOnly(Map.entry(Setting.LIMIT, "7"), Map.entry(Setting.OUT, "everywhere"));
    assertThat(run.flags()).containsOnly(Map.entry("quiet", "true"), Map.entry("limit", "7"));
    ConfigFile demo = ConfigFile.read(file, COMMANDS, "demo");
    assertThat(demo.flags())
        .containsOnly(Map.entry("quiet", "true"), Map.entry("out", "elsewhere"));
    assertThat(demo.settings()).containsEntry(Setting.LIMIT, "3");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'run: {candidate: x}'|run: unknown key \"candidate\"",
        "'rnu: {limit: 1}'|unknown key \"rnu\"",
        "'prompt: 1'|unknown key \"prompt\"",
        "'quiet: {a: 1}'|quiet: expected one value"
      })
  void aKeyThatNoCommandKnowsIsRefusedAlsoUnderAnotherCommand(String text, String message)
      throws IOException {
    Path file = config(text).orElseThrow();
    assertThatThrownBy(() -> ConfigFile.read(file, COMMANDS, "demo"))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aKeyWithoutAValueLeavesTheDefault() throws IOException {
    Settings settings = Settings.resolve(TYPED, Map.of(), config("engine:\nmargin: ''\n"));
    assertThat(settings.text(Setting.ENGINE)).contains("auto");
    assertThat(settings.policy().margin()).isEqualTo(1.0);
  }

  @Test
  void whatIsSaidForSettingsThatACommandDoesNotTakeIsPassedOver() {
    Settings settings =
        Settings.resolve(
            Set.of(Setting.LIMIT),
            Map.of(),
            Map.of("QUANTGATE_LIMIT", "5", "QUANTGATE_SEED", "7"),
            new ConfigFile("quantgate.yaml", Map.of(Setting.PROTOCOL, "ceval=x"), Map.of()));
    assertThat(settings.text(Setting.LIMIT)).contains("5");
    assertThat(settings.isSaid(Setting.SEED)).isFalse();
    assertThat(settings.isSaid(Setting.PROTOCOL)).isFalse();
  }

  @Test
  void aFileThatIsNotThereIsRefusedInWords() {
    Path file = folder.resolve("none.yaml");
    assertThatThrownBy(() -> ConfigFile.read(file, Map.of(), ""))
        .isInstanceOf(FileException.class)
        .hasMessage(file + ": expected a file, found nothing");
  }

  @Test
  void anEmptyFileSaysNothing() throws IOException {
    assertThat(Settings.resolve(TYPED, Map.of(), config("# nothing\n")).isSaid(Setting.LIMIT))
        .isFalse();
  }

  @Test
  void theDefaultLimitsOfAProgramAreTheSandboxesOwn() {
    assertThat(Settings.resolve(TYPED, Map.of(), Optional.empty()).sandboxOptions().limits())
        .isEqualTo(Limits.defaults());
  }

  @Test
  void variablesThatNothingReadsAreRefusedWithTheOneThatWasMeant() {
    Set<String> others = Set.of("QUANTGATE_JAVA", "QUANTGATE_CACHE");
    Settings.requireKnownVariables(
        Set.of("PATH", "QUANTGATE_LIMIT", "QUANTGATE_JAVA", "QUANTGATE_ON_INCONCLUSIVE"), others);
    assertThatThrownBy(
            () -> Settings.requireKnownVariables(Set.of("QUANTGATE_LIMTI", "PATH"), others))
        .hasMessageContaining(
            "unknown environment variable QUANTGATE_LIMTI, did you mean \"QUANTGATE_LIMIT\"?");
  }

  @Test
  void everySettingIsToldWithItsPlace() {
    Settings settings =
        Settings.resolve(
            Map.of(Setting.LIMIT, "3"), Map.of("QUANTGATE_SEED", "4"), Optional.empty());
    assertThat(settings.resolved())
        .hasSize(Setting.values().length)
        .contains(
            new Settings.Resolved(Setting.LIMIT, "3", "--limit"),
            new Settings.Resolved(Setting.SEED, "4", "QUANTGATE_SEED"),
            new Settings.Resolved(Setting.MARGIN, "1.0", "default"));
  }
}
