package dev.quantgate.evaluation.verify;

import dev.quantgate.base.QuantGateException;
import dev.quantgate.evaluation.answer.Grader;
import dev.quantgate.evaluation.answer.Grader.Graded;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.record.AnswerLine;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.ExecutionLine;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.Identity;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.ItemTiming;
import dev.quantgate.evaluation.record.Program;
import dev.quantgate.evaluation.record.Prompts;
import dev.quantgate.evaluation.record.Provenance;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.SealedText;
import dev.quantgate.evaluation.record.SelfTest;
import dev.quantgate.evaluation.record.SuiteIdentity;
import dev.quantgate.inference.Prompt;
import dev.quantgate.inference.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Recomputes one model's run: every record and time from its journals and the suites' data. */
final class RunVerifier {
  private static final String JOURNALS = "journals and data";

  private final SealedFolder folder;
  private final Path path;
  private final String place;
  private final SuiteFinder finder;
  private final Findings findings;

  /** What was asked, by suite: recomputed from the data where no model has to render it. */
  private final Map<String, List<Prompts.Line>> prompts = new HashMap<>();

  /**
   * @param prefix stands before the files' names in what is told: empty, or "candidate/"
   */
  RunVerifier(Path path, String prefix, SuiteFinder finder, Findings findings) {
    this.folder = new SealedFolder(path, prefix, findings);
    this.path = path;
    this.place = prefix.isEmpty() ? "" : "%s: ".formatted(prefix.replace("/", ""));
    this.finder = finder;
    this.findings = findings;
  }

  /** What was asked of a suite; empty where it could not be computed anew. */
  List<Prompts.Line> prompts(String suite) {
    return prompts.getOrDefault(suite, List.of());
  }

  /** What names the run in one line. */
  String sha256() {
    return folder.sha256();
  }

  /**
   * Checks all of it.
   *
   * @return the run as its records say, damaged ones as they were where that is known; empty where
   *     too little is left of it
   */
  Optional<FinishedRun> verify() {
    Optional<Identity> identity = value(RunFolder.IDENTITY, Identity.class);
    Optional<Provenance> provenance = value(RunFolder.PROVENANCE, Provenance.class);
    Map<String, List<ItemRecord>> suites = new LinkedHashMap<>();
    boolean whole = identity.isPresent() && provenance.isPresent();
    List<String> names = identity.map(Identity::suites).orElse(List.of());
    for (String suite : names) {
      Optional<List<ItemRecord>> records = records(suite);
      whole &= records.isPresent();
      records.ifPresent(each -> {
        suites.put(suite, each);
        findings.compare(
            folder.name(RunFolder.IDENTITY),
            "suite.%s.items".formatted(suite),
            provenance
                .map(Provenance::suites)
                .map(facts -> facts.get(suite))
                .map(facts -> RunFolder.asked(identity.orElseThrow().suite(suite), facts))
                .orElse(identity.orElseThrow().suite(suite).items()),
            RunFolder.items(each.stream().map(ItemRecord::id).toList()),
            "the records");
        verify(suite, each, identity.orElseThrow(), provenance);
      });
    }
    List<SelfTest> selfTests =
        folder.has(RunFolder.SELF_TESTS)
            ? value(RunFolder.SELF_TESTS, RunFolder.SelfTests.class)
                .map(RunFolder.SelfTests::selfTests)
                .orElse(List.of())
            : List.of();
    if (identity.isPresent() && provenance.isPresent()) {
      verifyWeights(identity.get(), provenance.get());
    }
    folder.check(present());
    return whole && !names.isEmpty()
        ? Optional.of(
            new FinishedRun(
                path,
                identity.orElseThrow(),
                provenance.orElseThrow(),
                suites,
                selfTests,
                Optional.of(folder.sha256())))
        : Optional.empty();
  }

  /** Reads the model's files again, whatever is known of them, where they lie as they did. */
  private void verifyWeights(Identity identity, Provenance provenance) {
    Optional<String> weights = Optional.ofNullable(identity.model().get("weightsSha256"));
    if (!identity.live() || weights.isEmpty()) {
      return;
    }
    try {
      Path model = Path.of(provenance.reference());
      Checkpoints.forgetSums(model);
      Checkpoints.Sums sums = Checkpoints.sums(model);
      findings.compare(
          folder.name(RunFolder.IDENTITY),
          "model.weightsSha256",
          weights.get(),
          sums.weightsSha256(),
          "the files in %s".formatted(model));
      findings.compare(
          folder.name(RunFolder.IDENTITY),
          "model.configSha256",
          identity.model().getOrDefault("configSha256", ""),
          sums.configSha256(),
          "the files in %s".formatted(model));
      findings.recomputed("%sthe sums of the model's files in %s".formatted(place, model));
    } catch (QuantGateException | InvalidPathException e) {
      findings.left(
          "%sthe sums of the model's files (%s)"
              .formatted(place, String.valueOf(e.getMessage()).lines().findFirst().orElse("")));
    }
  }

  /** What a finished run lists. */
  private List<String> present() {
    List<String> files = new ArrayList<>();
    for (String below : List.of("", "journal/")) {
      if (!Files.isDirectory(path.resolve(below))) {
        continue;
      }
      try (Stream<Path> listed = Files.list(path.resolve(below))) {
        listed
            .filter(Files::isRegularFile)
            .map(file -> "%s%s".formatted(below, file.getFileName()))
            .filter(name -> !name.equals("checksums.json") && !name.startsWith("."))
            .forEach(files::add);
      } catch (IOException e) {
        throw Disk.cannot("read", path.resolve(below), e);
      }
    }
    return files;
  }

  private <T> Optional<T> value(String file, Class<T> type) {
    return folder.has(file) ? value(file, folder.object(file), type) : missing(file);
  }

  private <T> Optional<T> missing(String file) {
    findings.add(new Difference(folder.name(file), 0, "", "nothing", "a file", "the run's form"));
    return Optional.empty();
  }

  private <T> Optional<T> value(String file, SealedText text, Class<T> type) {
    try {
      return Optional.of(text.as(type));
    } catch (IllegalArgumentException e) {
      if (text.sound()) {
        findings.add(
            new Difference(
                folder.name(file),
                text.line(),
                "",
                String.valueOf(e.getMessage()),
                "",
                "its form"));
      }
      return Optional.empty();
    }
  }

  /** The values of all lines; empty where one of them is none. */
  private <T> Optional<List<T>> values(String file, Class<T> type) {
    if (!folder.has(file)) {
      return missing(file);
    }
    List<T> values = new ArrayList<>();
    List<SealedText> lines = folder.lines(file);
    for (SealedText line : lines) {
      value(file, line, type).ifPresent(values::add);
    }
    return values.size() == lines.size() ? Optional.of(values) : Optional.empty();
  }

  private Optional<List<ItemRecord>> records(String suite) {
    return values(RunFolder.recordsName(suite), ItemRecord.class);
  }

  private void verify(
      String suite, List<ItemRecord> records, Identity identity, Optional<Provenance> provenance) {
    Optional<List<AnswerLine>> answers = values(RunFolder.answersName(suite), AnswerLine.class);
    Map<String, ExecutionLine> executions = new HashMap<>();
    if (folder.has(RunFolder.executionsName(suite))) {
      values(RunFolder.executionsName(suite), ExecutionLine.class)
          .orElse(List.of())
          .forEach(line -> executions.put(key(line.id(), line.sample()), line));
    }
    if (answers.isEmpty()) {
      findings.left("%s%s: records, as its journal cannot be read".formatted(place, suite));
      return;
    }
    Map<String, AnswerLine> lines = new HashMap<>();
    answers.get().forEach(line -> lines.put(line.id(), line));
    try {
      SuiteTask task = finder.task(suite, identity.suite(suite), records);
      List<Question> questions = questions(task, suite, identity);
      provenance
          .map(each -> each.suites().get(suite))
          .ifPresent(facts -> verifyFacts(suite, facts, task.facts()));
      regrade(suite, task, questions, lines, executions);
    } catch (QuantGateException | IllegalArgumentException e) {
      findings.left(
          "%s%s: grades from its data (%s); records were held against the journal alone"
              .formatted(place, suite, first(e)));
      new JournalOnly(folder.name(RunFolder.recordsName(suite)), findings)
          .verify(records, lines, executions);
      findings.recomputed(
          "%s%s: %d records against the journal".formatted(place, suite, records.size()));
    }
  }

  private static String first(RuntimeException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  private void verifyFacts(
      String suite, Provenance.SuiteFacts stored, Provenance.SuiteFacts found) {
    var expected =
        new Provenance.SuiteFacts(
            stored.file(),
            stored.catalogued(),
            found.available(),
            found.subjects(),
            found.chance(),
            stored.stopping());
    findings.compare(
        folder.name(RunFolder.PROVENANCE),
        "suites.%s".formatted(suite),
        stored.toString(),
        expected.toString(),
        "the data");
  }

  /** The questions as they were asked: with or without chat, whichever fits what was asked. */
  private List<Question> questions(SuiteTask task, String suite, Identity identity) {
    Optional<String> asked =
        Optional.of(identity.suite(suite).asking())
            .filter(asking -> !asking.containsKey(SuiteIdentity.ORDER)) // of all planned items
            .map(asking -> asking.get(SuiteIdentity.PROMPTS));
    List<Question> plain = task.questions(false);
    if (asked.isEmpty()) {
      return plain;
    }
    String hash = Prompts.hash(plain);
    if (hash.equals(asked.get())) {
      return plain;
    }
    List<Question> chat = task.questions(true);
    if (!Prompts.hash(chat).equals(asked.get())) {
      findings.compare(
          folder.name(RunFolder.IDENTITY),
          "suite.%s.%s".formatted(suite, SuiteIdentity.PROMPTS),
          asked.get(),
          hash,
          "the data");
    }
    return chat;
  }

  private static String key(String id, int sample) {
    return "%d %s".formatted(sample, id);
  }

  private void regrade(
      String suite,
      SuiteTask task,
      List<Question> questions,
      Map<String, AnswerLine> lines,
      Map<String, ExecutionLine> executions) {
    String journal = folder.name(RunFolder.answersName(suite));
    var grader = new Grader(task);
    List<ItemRecord> records = new ArrayList<>();
    List<ItemTiming> timings = new ArrayList<>();
    for (Question question : questions) {
      AnswerLine line = lines.get(question.id());
      if (line == null) {
        findings.add(
            new Difference(journal, 0, question.id(), "nothing", "an answer", "the data's items"));
        return;
      }
      try {
        line.requireFor(question, path.resolve(RunFolder.answersName(suite)));
        Graded graded = grader.grade(question, line);
        List<ExecutionLine> executed = executed(suite, graded, executions);
        if (executed.size() < graded.programs().size()) {
          return;
        }
        records.add(grader.record(graded, executed));
        timings.add(ItemTiming.of(line, executed));
      } catch (QuantGateException | IllegalArgumentException e) {
        findings.add(new Difference(journal, 0, question.id(), first(e), "", "the data"));
        return;
      }
    }
    prompts.put(suite, prompts(questions, lines));
    compare(RunFolder.recordsName(suite), records);
    compare(RunFolder.timingsName(suite), timings);
    findings.recomputed(
        "%s%s: %d records and times from %s".formatted(place, suite, records.size(), JOURNALS));
  }

  private static List<Prompts.Line> prompts(
      List<Question> questions, Map<String, AnswerLine> lines) {
    try {
      return questions.stream()
          .map(question -> {
            AnswerLine line = lines.get(question.id());
            int form = line == null ? 0 : line.shortened();
            return Prompts.line(question, question.requests().get(form), RunVerifier::rendered);
          })
          .toList();
    } catch (UnsupportedOperationException e) {
      return List.of();
    }
  }

  /** A prompt as every model sees it; a chat is rendered by each model in its own way. */
  private static String rendered(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Text text -> text.text();
      case Prompt.Tokens tokens -> tokens.ids().toString();
      case Prompt.Chat chat -> throw new UnsupportedOperationException("a chat needs its model");
    };
  }

  private List<ExecutionLine> executed(
      String suite, Graded graded, Map<String, ExecutionLine> executions) {
    List<ExecutionLine> executed = new ArrayList<>();
    for (Program program : graded.programs()) {
      ExecutionLine line = executions.get(key(program.id(), program.sample()));
      if (line == null || !line.program().equals(program.hash())) {
        findings.add(
            new Difference(
                folder.name(RunFolder.executionsName(suite)),
                0,
                "%s, program".formatted(key(program.id(), program.sample())),
                line == null ? "nothing" : line.program(),
                program.hash(),
                JOURNALS));
        return executed;
      }
      executed.add(line);
    }
    return executed;
  }

  private void compare(String file, List<?> expected) {
    if (!folder.has(file)) {
      missing(file);
      return;
    }
    List<SealedText> lines = folder.lines(file);
    if (lines.size() != expected.size()) {
      findings.compare(
          folder.name(file),
          "lines",
          Integer.toString(lines.size()),
          Integer.toString(expected.size()),
          JOURNALS);
    }
    for (int i = 0; i < Math.min(lines.size(), expected.size()); i++) {
      findings.compare(folder.name(file), lines.get(i), expected.get(i), JOURNALS);
    }
  }
}
