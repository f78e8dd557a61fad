package dev.quantgate.reports;

import dev.quantgate.base.Sha256;
import dev.quantgate.base.Version;
import dev.quantgate.benchmarks.SuiteData.Subject;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.ExecutionLine;
import dev.quantgate.evaluation.record.ExecutionLine.Judged;
import dev.quantgate.evaluation.record.Fault;
import dev.quantgate.evaluation.record.Identity;
import dev.quantgate.evaluation.record.ItemFacts;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.ItemRecord.Choice;
import dev.quantgate.evaluation.record.ItemRecord.Execution;
import dev.quantgate.evaluation.record.ItemRecord.Sample;
import dev.quantgate.evaluation.record.Journal;
import dev.quantgate.evaluation.record.ModelBench;
import dev.quantgate.evaluation.record.ModelUsage;
import dev.quantgate.evaluation.record.OutFolder;
import dev.quantgate.evaluation.record.Prompts;
import dev.quantgate.evaluation.record.Provenance;
import dev.quantgate.evaluation.record.Provenance.SuiteFacts;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.evaluation.record.SuiteIdentity;
import dev.quantgate.inference.Generation;
import dev.quantgate.inference.ModelIdentity;
import dev.quantgate.inference.SpeedReport;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.Usage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A finished run of a live model, written item by item as a test wants it: what a run leaves on
 * disk, without a model, a sandbox or time.
 */
public final class SampleRun {
  private static final List<String> LETTERS = List.of("A", "B", "C", "D");
  private static final Instant STARTED = Instant.parse("2026-01-02T03:04:05Z");

  private final Side side;
  private final Path out;
  private final Map<String, List<ItemRecord>> records = new LinkedHashMap<>();
  private final Map<String, List<Prompts.Line>> prompts = new LinkedHashMap<>();
  private final Map<String, List<Subject>> subjects = new LinkedHashMap<>();

  /**
   * Begins a run.
   *
   * @param out the folder that {@code --out} names
   */
  public SampleRun(Side side, Path out) {
    this.side = side;
    this.out = out;
  }

  /** Adds a question of C-Eval's kind with four choices and their log-probabilities. */
  public SampleRun question(
      String suite, String subject, String prompt, String expected, double... logProbabilities) {
    List<Choice> choices = new ArrayList<>();
    for (int i = 0; i < LETTERS.size(); i++) {
      double value = logProbabilities[i];
      choices.add(new Choice(LETTERS.get(i), value, 1, value, 1, value));
    }
    List<Choice> best =
        choices.stream().sorted(Comparator.comparingDouble(c -> -c.value())).toList();
    String answer = best.getFirst().label();
    double margin = best.get(0).value() - best.get(1).value();
    List<Subject> known = subjects.computeIfAbsent(suite, _ -> new ArrayList<>());
    String category = subject.startsWith("law") ? "Social Science" : "STEM";
    if (known.stream().noneMatch(each -> each.key().equals(subject))) {
      known.add(new Subject(subject, "科目 " + subject, category, false));
    }
    String id = "%s/%d".formatted(subject, place(suite));
    int right = answer.equals(expected) ? 1 : 0;
    var facts = new ItemFacts(place(suite), subject, category, Optional.of(subject), 4);
    add(
        suite,
        new Prompts.Line(id, prompt, LETTERS, Optional.empty()),
        new ItemRecord(
            id,
            Optional.of(facts),
            Sha256.hex(prompt),
            OptionalInt.of(100),
            Optional.of(Sha256.hex("tokens of " + prompt)),
            0,
            answer,
            expected,
            1,
            right,
            OptionalDouble.of(right),
            Optional.empty(),
            OptionalDouble.of(margin),
            margin == 0,
            choices,
            List.of()));
    return this;
  }

  /** Adds a programming problem with one completion and what came of it. */
  public SampleRun program(
      String suite,
      String prompt,
      String completion,
      List<Integer> tokens,
      Outcome outcome,
      String detail) {
    int right = outcome == Outcome.PASSED ? 1 : 0;
    Sample sample =
        new Sample(
            completion,
            Optional.empty(),
            Optional.of(Generation.End.EOS),
            tokens,
            tokens.stream().map(_ -> 0.5).toList(),
            Optional.of(new Execution(outcome, detail, right == 1 ? 0 : 1)));
    return problem(
        suite,
        prompt,
        completion,
        right,
        OptionalDouble.of(right),
        Optional.empty(),
        List.of(sample));
  }

  /** Adds a programming problem without a grade. */
  public SampleRun broken(String suite, String prompt, Fault fault) {
    return problem(suite, prompt, "", 0, OptionalDouble.empty(), Optional.of(fault), List.of());
  }

  private SampleRun problem(
      String suite,
      String prompt,
      String answer,
      int right,
      OptionalDouble score,
      Optional<Fault> fault,
      List<Sample> samples) {
    int place = place(suite);
    String id = "HumanEval/%d".formatted(place);
    var check = new Prompts.Check("", prompt, "def check(f):\n    assert f() == 1\n", "f");
    add(
        suite,
        new Prompts.Line(id, prompt, List.of(), Optional.of(check)),
        new ItemRecord(
            id,
            Optional.of(new ItemFacts(place, "", "", Optional.of(id), 0)),
            Sha256.hex(prompt),
            OptionalInt.of(50),
            Optional.of(Sha256.hex("tokens of " + prompt)),
            0,
            answer,
            "",
            1,
            right,
            score,
            fault,
            OptionalDouble.empty(),
            false,
            List.of(),
            samples));
    return this;
  }

  private int place(String suite) {
    return records.getOrDefault(suite, List.of()).size();
  }

  private void add(String suite, Prompts.Line line, ItemRecord record) {
    prompts.computeIfAbsent(suite, _ -> new ArrayList<>()).add(line);
    records.computeIfAbsent(suite, _ -> new ArrayList<>()).add(record);
  }

  /** Writes the run below {@code out}, with the prompts beside it; gives its folder. */
  public Path write() {
    Path path = new OutFolder(out).run(side);
    var model = new TreeMap<String, String>();
    model.put(Identity.SOURCE, "live");
    model.put(Identity.ENGINE, "cpu/1 512-bit");
    model.put("model.weightFormat", side == Side.CANDIDATE ? "int4 gptq" : "fp16");
    model.put("model.weightsSha256", Sha256.hex(side.toString()));
    model.put("model.configSha256", Sha256.hex("config of %s".formatted(side)));
    var suites = new LinkedHashMap<String, SuiteIdentity>();
    var facts = new TreeMap<String, SuiteFacts>();
    records.forEach((suite, items) -> {
      boolean programs = items.stream().allMatch(item -> item.expected().isEmpty());
      suites.put(suite, identity(suite, items, programs));
      facts.put(
          suite,
          new SuiteFacts(
              "/data/%s.zip".formatted(suite),
              true,
              items.size(),
              subjects.getOrDefault(suite, List.of()),
              OptionalDouble.of(programs ? 0 : 0.25)));
    });
    var folder = new RunFolder(path);
    var provenance = new Provenance("models/%s".formatted(side), List.of(), facts).with(session());
    try {
      Files.createDirectories(path.resolve("journal"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Disk.writePage(folder.identity(), Identity.of(Version.program(), model, suites));
    Disk.writePage(folder.provenance(), provenance);
    records.forEach((suite, items) -> {
      Disk.writeLines(folder.records(suite), items);
      Disk.writeLines(new OutFolder(out).prompts(suite), prompts.getOrDefault(suite, List.of()));
    });
    records.forEach((suite, items) -> {
      try (Journal<ExecutionLine> journal = folder.openExecutions(suite, _ -> {})) {
        items.stream().flatMap(SampleRun::executed).forEach(journal::append);
      }
    });
    folder.finish();
    return path;
  }

  /** What the journal keeps: a program that failed did so at the test's second line. */
  private static Stream<ExecutionLine> executed(ItemRecord item) {
    return item.samples().stream()
        .flatMap(sample -> sample.execution().stream())
        .map(execution -> {
          boolean failed = execution.outcome() == Outcome.FAILED;
          var judged =
              new Judged(
                  item.answer(),
                  "def check(f):\n    assert f() == 1\n",
                  "f",
                  failed ? 2 : 0,
                  failed ? "assert f() == 1" : "");
          return new ExecutionLine(
              item.id(),
              0,
              Sha256.hex(item.answer()),
              execution.outcome(),
              execution.detail(),
              execution.exit(),
              execution.official(),
              Optional.of(judged),
              new Usage(5, 4, 1 << 20, 0, 0, failed ? execution.detail() : "", "", 1));
        });
  }

  private static SuiteIdentity identity(String suite, List<ItemRecord> items, boolean programs) {
    var asking = new TreeMap<String, String>();
    asking.put(SuiteIdentity.ASKED, SuiteIdentity.BY_PROTOCOL);
    asking.put(SuiteIdentity.PROMPTS, Sha256.hex(suite));
    asking.put(
        SuiteIdentity.DECODING,
        programs ? "greedy, at most 512 tokens, eos stops" : "log-probabilities");
    asking.put(SuiteIdentity.SAMPLES, "1");
    return new SuiteIdentity(
        Sha256.hex("data of " + suite),
        RunFolder.items(items.stream().map(ItemRecord::id).toList()),
        programs ? "humaneval/base" : "ceval/official-5shot",
        asking,
        programs ? Optional.of("openai") : Optional.empty(),
        programs
            ? Optional.of(
                new SuiteIdentity.Sandbox(
                    "docker", new TreeMap<>(Map.of("python", "3.13", "isolates", "true"))))
            : Optional.empty());
  }

  /** What bench measured of the model of such a run by itself. */
  public static ModelBench bench(Side side) {
    boolean candidate = side == Side.CANDIDATE;
    var identity =
        new ModelIdentity(
            "cpu/1 512-bit",
            Optional.empty(),
            Optional.of(Sha256.hex(side.toString())),
            Optional.of(Sha256.hex("config of %s".formatted(side))),
            Optional.empty(),
            Optional.empty());
    long bytes = candidate ? 1_700_000_000L : 6_800_000_000L;
    List<ModelBench.Measured> measured = new ArrayList<>();
    for (int prompt : List.of(2048, 1024)) {
      int written = 3072 - prompt;
      double perSecond = (candidate ? 30.0 : 10.0) + prompt / 1024.0;
      measured.add(
          new ModelBench.Measured(
              new SpeedReport(
                  2,
                  candidate ? "int4 gptq" : "fp16",
                  bytes,
                  bytes,
                  402_653_184,
                  Duration.ofMillis(3500),
                  2e10,
                  new SpeedReport.Prefill(prompt, 20 * perSecond, 1e12),
                  List.of(new SpeedReport.Decode(1, 2048, perSecond, bytes, 0.5, 1e11))),
              written));
    }
    return ModelBench.of("models/%s".formatted(side), identity, measured);
  }

  private Provenance.Session session() {
    boolean candidate = side == Side.CANDIDATE;
    return new Provenance.Session(
        STARTED,
        STARTED.plusSeconds(60),
        Map.of("os", "Linux"),
        Map.of("engine", "cpu"),
        Optional.of(
            new ModelUsage(
                "CPU, 2 threads",
                candidate ? 1_700_000_000L : 6_800_000_000L,
                candidate ? 1_700_000_000L : 6_800_000_000L,
                200_000_000L,
                3.5,
                20_000,
                20,
                2_000,
                candidate ? 40 : 50)),
        new TreeMap<>());
  }
}
