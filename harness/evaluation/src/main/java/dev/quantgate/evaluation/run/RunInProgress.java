package dev.quantgate.evaluation.run;

import dev.quantgate.evaluation.answer.Grader;
import dev.quantgate.evaluation.answer.Grader.Graded;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.record.AnswerLine;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.ExecutionLine;
import dev.quantgate.evaluation.record.Identity;
import dev.quantgate.evaluation.record.ModelUsage;
import dev.quantgate.evaluation.record.Program;
import dev.quantgate.evaluation.record.Provenance;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.SelfTest;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.evaluation.record.Stopping;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** One model's run while it is worked on: what was asked, what is known by now, and the session. */
final class RunInProgress {
  private static final long SEEN_EVERY_NANOS = 5_000_000_000L;

  private final Side side;
  private final RunFolder folder;
  private final List<SuiteTask> tasks;
  private final Map<String, List<Question>> questions;
  private final Session session;
  private final Map<String, List<Graded>> graded = new HashMap<>();
  private final Map<String, Map<Executed, ExecutionLine>> executions = new HashMap<>();
  private final List<SelfTest> selfTests = new ArrayList<>();
  private Provenance provenance;
  private long lastSeen;

  private record Executed(String id, int sample) {}

  /**
   * The session that works on it.
   *
   * @param sandbox of the run, where programs are executed
   */
  record Session(Instant started, RunEnvironment environment, Optional<RunSandbox> sandbox) {}

  /**
   * Claims a folder for a run.
   *
   * @param reference what the user typed for the model
   * @param questions for each suite
   */
  RunInProgress(
      Side side,
      String reference,
      Path path,
      Identity identity,
      List<SuiteTask> tasks,
      Map<String, List<Question>> questions,
      Session session) {
    this.side = side;
    this.folder = new RunFolder(path);
    this.tasks = List.copyOf(tasks);
    this.questions = Map.copyOf(questions);
    this.session = session;
    this.provenance = folder.claim(identity, provenance(reference, tasks));
    for (SuiteTask task : tasks) {
      if (task.ofPrograms()) {
        folder.openExecutions(task.suite(), line -> keep(task.suite(), line)).close();
      }
    }
    selfTests.addAll(folder.readSelfTests());
    seen(Optional.empty());
  }

  /** What was found of a suite in this session or an earlier one; empty where it was not tried. */
  Optional<SelfTest> selfTest(SelfTest.Kind kind, String suite) {
    return selfTests.stream()
        .filter(test -> test.kind() == kind && test.suite().equals(suite))
        .findFirst();
  }

  /** Takes what the harness found out about itself, in the place of what was known. */
  void keep(SelfTest test) {
    selfTests.removeIf(known -> known.kind() == test.kind() && known.suite().equals(test.suite()));
    selfTests.add(test);
    folder.writeSelfTests(selfTests());
  }

  /** All of them, in the order of the suites. */
  List<SelfTest> selfTests() {
    List<String> order = tasks.stream().map(SuiteTask::suite).toList();
    return selfTests.stream()
        .sorted(
            Comparator.comparingInt((SelfTest test) -> order.indexOf(test.suite()))
                .thenComparing(SelfTest::kind))
        .toList();
  }

  /** What is known of a run before its first session. */
  static Provenance provenance(String reference, List<SuiteTask> tasks) {
    var facts = new TreeMap<String, Provenance.SuiteFacts>();
    tasks.forEach(task -> facts.put(task.suite(), task.facts()));
    return new Provenance(reference, List.of(), facts);
  }

  Side side() {
    return side;
  }

  RunFolder folder() {
    return folder;
  }

  List<SuiteTask> tasks() {
    return tasks;
  }

  List<Question> questions(SuiteTask task) {
    return questions.getOrDefault(task.suite(), List.of());
  }

  /** Writes down that this session was alive, and what it has used. */
  void seen(Optional<ModelUsage> usage) {
    // Asked each time: how often a worker was replaced is known at the end only.
    SortedMap<String, String> sandboxFacts =
        session.sandbox().map(box -> box.description().facts()).orElseGet(TreeMap::new);
    provenance =
        provenance.with(
            new Provenance.Session(
                session.started(), Instant.now(), machine(), settings(), usage, sandboxFacts));
    Disk.writePage(folder.provenance(), provenance);
    lastSeen = System.nanoTime();
  }

  /** Notes what a suite that is asked until decided has come to; written with what is seen next. */
  void stopped(SuiteTask task, Stopping stopping) {
    provenance = provenance.stopped(task.suite(), stopping);
  }

  /** Writes down how the session has gone on since its model was closed. */
  void seenAgain() {
    seen(provenance.sessions().getLast().usage());
  }

  /** Whether it is time again, so that a session that is killed has left what it used. */
  boolean isSeeingDue() {
    return System.nanoTime() - lastSeen > SEEN_EVERY_NANOS;
  }

  /** Takes a suite's answers to some questions, all of them, and reads what they say. */
  void answered(SuiteTask task, List<Question> asked, Map<String, AnswerLine> lines) {
    var grader = new Grader(task);
    Map<String, Graded> before = new HashMap<>();
    graded(task).forEach(each -> before.put(each.question().id(), each));
    List<Graded> all = new ArrayList<>();
    for (Question question : asked) {
      AnswerLine line = lines.get(question.id());
      if (line == null) {
        throw new IllegalStateException("no answer for %s".formatted(question.id()));
      }
      Graded known = before.get(question.id());
      all.add(known == null ? grader.grade(question, line) : known);
    }
    graded.put(task.suite(), all);
  }

  /** A suite's answers as they were read, in the order of its questions. */
  List<Graded> graded(SuiteTask task) {
    return graded.getOrDefault(task.suite(), List.of());
  }

  /** Takes what came of a program. */
  void keep(String suite, ExecutionLine line) {
    executions
        .computeIfAbsent(suite, key -> new HashMap<>())
        .put(new Executed(line.id(), line.sample()), line);
  }

  /** What came of a program; empty where it was not executed yet. */
  Optional<ExecutionLine> execution(SuiteTask task, Program program) {
    return Optional.ofNullable(
            executions
                .getOrDefault(task.suite(), Map.of())
                .get(new Executed(program.id(), program.sample())))
        .filter(line -> line.program().equals(program.hash()));
  }

  /** All that is known of this run's programs. */
  List<ExecutionLine> executions() {
    return executions.values().stream().flatMap(lines -> lines.values().stream()).toList();
  }

  private SortedMap<String, String> settings() {
    var settings = new TreeMap<String, String>();
    RunEnvironment environment = session.environment();
    var options = environment.engineOptions();
    settings.put("engine", environment.engine());
    settings.put("threads", Integer.toString(options.threads()));
    settings.put("maxBatch", Integer.toString(options.maxBatch()));
    options.memoryBytes().ifPresent(bytes -> settings.put("memoryBytes", Long.toString(bytes)));
    settings.put("workers", Integer.toString(environment.sandboxOptions().workers()));
    return settings;
  }

  private static SortedMap<String, String> machine() {
    var machine = new TreeMap<String, String>();
    machine.put(
        "os", "%s %s".formatted(System.getProperty("os.name"), System.getProperty("os.version")));
    machine.put("architecture", String.valueOf(System.getProperty("os.arch")));
    machine.put("java", String.valueOf(System.getProperty("java.vm.version")));
    machine.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    return machine;
  }
}
