package dev.quantgate.evaluation.run;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.INPUT;

import dev.quantgate.base.Version;
import dev.quantgate.evaluation.answer.AnswerSource;
import dev.quantgate.evaluation.answer.Grader;
import dev.quantgate.evaluation.answer.LiveSource;
import dev.quantgate.evaluation.answer.RecordedSource;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.answer.Services;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.record.AnswerLine;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.ExecutionLine;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.Identity;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.Journal;
import dev.quantgate.evaluation.record.Lock;
import dev.quantgate.evaluation.record.Program;
import dev.quantgate.evaluation.record.Prompts;
import dev.quantgate.evaluation.record.Provenance;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.evaluation.record.Usage;
import dev.quantgate.evaluation.run.Progress.Step;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.Prompt;
import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.SandboxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Carries out or continues the runs of one folder: answers first, one model after the other, so
 * that never two are in memory; then every program that was written, equal ones once; then the
 * records.
 */
public final class Runner {
  private static final String REPLAY = "replay:";
  private static final long SEEN_EVERY_NANOS = 5_000_000_000L;

  private final Services doors;
  private final RunPlan assignment;
  private final RunEnvironment machinery;
  private final Path out;
  private final Progress.Listener progress;

  public Runner(
      Services doors,
      RunPlan assignment,
      RunEnvironment machinery,
      Path out,
      Progress.Listener progress) {
    this.doors = doors;
    this.assignment = assignment;
    this.machinery = machinery;
    this.out = out;
    this.progress = progress;
  }

  /**
   * A model and the name of its folder.
   *
   * @param reference a checkpoint folder, or {@code replay:} and a path
   */
  public record Participant(Side side, String reference) {}

  /** Brings every participant's folder to its end and gives the runs in their order. */
  public List<FinishedRun> run(List<Participant> participants) {
    if (Files.exists(out) && !Files.isDirectory(out)) {
      throw new EvaluationException(INPUT, out + ": is a file; --out names a folder");
    }
    List<Reference> references = participants.stream().map(this::check).toList();
    List<SuiteTask> tasks =
        assignment.suites().stream().map(suite -> SuiteTask.of(doors, assignment, suite)).toList();
    if (tasks.stream().map(SuiteTask::suite).distinct().count() != tasks.size()) {
      throw new EvaluationException(
          EvaluationException.Kind.SETTING,
          "two suites have one name: %s"
              .formatted(tasks.stream().map(SuiteTask::suite).collect(Collectors.joining(", "))));
    }
    for (SuiteTask task : tasks) {
      if (!task.origin().catalogued()) {
        progress.on(
            new Progress.Note(
                task.suite()
                    + ": custom data, "
                    + task.origin().file()
                    + ", sha256 "
                    + task.origin().sha256()));
      }
    }
    try (Lock _ = Lock.take(out)) {
      return locked(references, tasks);
    } catch (InferenceException e) {
      throw e.kind() == InferenceException.Kind.INTERRUPTED ? interrupted(e) : e;
    } catch (SandboxException e) {
      throw e.kind() == SandboxException.Kind.INTERRUPTED ? interrupted(e) : e;
    } catch (EvaluationException e) {
      throw e.kind() == EvaluationException.Kind.INTERRUPTED ? interrupted(e) : e;
    }
  }

  private EvaluationException interrupted(RuntimeException cause) {
    return new EvaluationException(
        EvaluationException.Kind.INTERRUPTED,
        "stopped; what is done lies in " + out + ", and the same command continues it",
        cause);
  }

  private List<FinishedRun> locked(List<Reference> references, List<SuiteTask> tasks) {
    boolean programs = tasks.stream().anyMatch(SuiteTask::ofPrograms);
    if (programs) {
      progress.on(new Progress.Note("starting the sandbox: " + machinery.sandbox()));
    }
    Optional<RunSandbox> workshop =
        programs
            ? Optional.of(
                new RunSandbox(
                    doors, machinery, note -> progress.on(new Progress.Note("sandbox: " + note))))
            : Optional.empty();
    try {
      workshop.ifPresent(
          shop -> progress.on(new Progress.Note("sandbox: " + shop.description().kind())));
      var recorded = new EnumMap<Side, RecordedSource>(Side.class);
      for (Reference reference : references) {
        if (reference.replay()) {
          recorded.put(reference.side(), RecordedSource.open(reference.path(), tasks));
        }
      }
      List<SideRun> sides = new ArrayList<>();
      for (Reference reference : references) {
        RecordedSource source = recorded.get(reference.side());
        sides.add(answer(reference, source == null ? load(reference) : source, tasks, workshop));
      }
      try {
        workshop.ifPresent(shop -> execute(shop, sides));
      } catch (RuntimeException e) {
        try {
          sides.forEach(SideRun::seenAgain);
        } catch (RuntimeException second) {
          e.addSuppressed(second);
        }
        throw e;
      }
      sides.forEach(SideRun::seenAgain);
      sides.forEach(SideRun::writeRecords);
      return sides.stream().map(side -> RunFolder.read(side.path)).toList();
    } finally {
      workshop.ifPresent(RunSandbox::close);
    }
  }

  private record Reference(Side side, String text, boolean replay, Path path) {}

  /** Refuses a reference that nothing can come of, before anything is loaded. */
  private Reference check(Participant participant) {
    String text = participant.reference();
    boolean replay = text.startsWith(REPLAY);
    Path path;
    try {
      path = Path.of(replay ? text.substring(REPLAY.length()) : text);
    } catch (InvalidPathException e) {
      throw new EvaluationException(
          INPUT, participant.side() + ": \"" + text + "\" is no path: " + e.getReason(), e);
    }
    if (!replay && text.matches("[a-z][a-z0-9+.-]+://.*")) {
      throw new EvaluationException(
          INPUT,
          participant.side()
              + ": "
              + text
              + " is an address; models are given as a checkpoint folder,"
              + " or as replay: and answers recorded elsewhere");
    }
    if (!replay && !Files.isDirectory(path)) {
      throw new EvaluationException(
          INPUT,
          participant.side()
              + ": expected a checkpoint folder, found "
              + (Files.exists(path)
                  ? "the file " + path + " (recorded answers are given as replay:" + path + ")"
                  : "nothing at " + path));
    }
    return new Reference(participant.side(), text, replay, path);
  }

  private AnswerSource load(Reference reference) {
    progress.on(new Progress.Loading(reference.side(), reference.text()));
    return new LiveSource(
        doors.models().load(machinery.engine(), reference.path(), machinery.engineOptions()),
        assignment.sampling(),
        assignment.seed());
  }

  /** Answers all suites of one side. */
  private SideRun answer(
      Reference reference,
      AnswerSource source,
      List<SuiteTask> tasks,
      Optional<RunSandbox> workshop) {
    Instant started = Instant.now();
    try (source) {
      progress.on(
          new Progress.Loaded(
              reference.side(),
              source.description(),
              source
                  .usage()
                  .map(usage -> Duration.ofNanos((long) (usage.loadSeconds() * 1e9)))
                  .orElse(Duration.ZERO)));
      var questions = new LinkedHashMap<String, List<Question>>();
      for (SuiteTask task : tasks) {
        List<Question> asked = task.questions(source.chatTemplate());
        source.require(task, asked);
        questions.put(task.suite(), asked);
      }
      Path path = out.resolve(reference.side().toString());
      var side =
          new SideRun(
              reference,
              path,
              identity(source, tasks, questions, workshop),
              tasks,
              questions,
              started,
              workshop);
      try {
        for (SuiteTask task : tasks) {
          side.answer(source, task);
        }
      } finally {
        side.seen(source.usage());
      }
      return side;
    }
  }

  private Identity identity(
      AnswerSource source,
      List<SuiteTask> tasks,
      Map<String, List<Question>> questions,
      Optional<RunSandbox> workshop) {
    var fields = new TreeMap<String, String>(source.identity());
    fields.put(Identity.PROGRAM, Version.program());
    fields.put("suites", tasks.stream().map(SuiteTask::suite).collect(Collectors.joining(",")));
    for (SuiteTask task : tasks) {
      String prefix = "suite." + task.suite() + ".";
      fields.put(prefix + "data", task.origin().sha256());
      fields.put(prefix + "items", RunFolder.items(task.ids()));
      fields.put(prefix + "protocol", task.protocol().id());
      source
          .suiteIdentity(task, questions.getOrDefault(task.suite(), List.of()))
          .forEach((field, value) -> fields.put(prefix + field, value));
      if (task.ofPrograms()) {
        fields.put(prefix + "layout", assignment.layout().id());
        workshop.ifPresent(shop -> {
          fields.put(prefix + "sandbox", shop.description().kind());
          shop.description()
              .identity()
              .forEach((field, value) -> fields.put(prefix + "sandbox." + field, value));
        });
      }
    }
    return new Identity(fields);
  }

  /** Executes what all sides wrote and no earlier session has executed. */
  private void execute(RunSandbox workshop, List<SideRun> sides) {
    var known = new HashMap<String, ExecutionLine>();
    var wanted = new LinkedHashMap<String, List<Pending>>();
    var equal = new ArrayList<Runnable>();
    for (SideRun side : sides) {
      side.executions
          .values()
          .forEach(lines ->
              lines
                  .values()
                  .forEach(line -> {
                    if (line.outcome().judged()) {
                      known.putIfAbsent(line.program(), line);
                    }
                  }));
    }
    Map<SideRun, Map<String, Counter>> counters = new LinkedHashMap<>();
    List<Journal<ExecutionLine>> open = new ArrayList<>();
    try {
      for (SideRun side : sides) {
        for (SuiteTask task : side.tasks) {
          if (!task.ofPrograms()) {
            continue;
          }
          Journal<ExecutionLine> journal =
              Journal.open(side.folder.executions(task.suite()), ExecutionLine.class, line -> {});
          open.add(journal);
          List<Program> programs = side.programs(task);
          var counter =
              new Counter(side.reference.side(), Step.EXECUTING, task.suite(), programs.size());
          counters.computeIfAbsent(side, key -> new HashMap<>()).put(task.suite(), counter);
          List<Pending> pending = new ArrayList<>();
          for (Program program : programs) {
            Optional<ExecutionLine> earlier = side.execution(task.suite(), program);
            if (earlier.isPresent() && earlier.get().outcome().judged()) {
              counter.begin(1);
            } else {
              pending.add(new Pending(side, task.suite(), program, journal, counter));
            }
          }
          for (Pending each : pending) {
            ExecutionLine same = known.get(each.program.hash());
            if (same != null) {
              equal.add(() -> each.accept(same.as(each.program)));
            } else {
              wanted.computeIfAbsent(each.program.hash(), key -> new ArrayList<>()).add(each);
            }
          }
        }
      }
      if (!wanted.isEmpty()) {
        selfTest(workshop, sides.getFirst());
      }
      counters.values().forEach(suites -> suites.values().forEach(Counter::announce));
      equal.forEach(Runnable::run);
      if (!wanted.isEmpty()) {
        List<ExecutionJob> jobs =
            wanted.values().stream().map(same -> same.getFirst().program.job()).toList();
        workshop.run(jobs, result -> accept(wanted, result));
        if (!wanted.isEmpty()) {
          throw new SandboxException(
              SandboxException.Kind.LOST,
              "the sandbox gave no result for " + wanted.size() + " programs; repeat the command");
        }
      }
      counters.values().forEach(suites -> suites.values().forEach(Counter::finish));
    } finally {
      open.forEach(Journal::close);
    }
  }

  private static void accept(Map<String, List<Pending>> wanted, ExecutionResult result) {
    List<Pending> same = wanted.remove(result.id());
    if (same == null) {
      throw new SandboxException(
          SandboxException.Kind.LOST,
          "the sandbox gave a result that nobody waits for: " + result.id());
    }
    same.forEach(pending -> pending.accept(ExecutionLine.of(pending.program, result)));
  }

  private record Pending(
      SideRun side,
      String suite,
      Program program,
      Journal<ExecutionLine> journal,
      Counter counter) {
    void accept(ExecutionLine line) {
      journal.append(line);
      side.keep(suite, line);
      counter.advance(!line.outcome().judged());
    }
  }

  private void selfTest(RunSandbox workshop, SideRun side) {
    List<RunSandbox.Sample> samples =
        side.tasks.stream()
            .filter(SuiteTask::ofPrograms)
            .flatMap(task -> RunSandbox.samples(side.questions(task.suite())).stream())
            .toList();
    progress.on(
        new Progress.Started(
            side.reference.side(),
            Step.SELF_TEST,
            side.tasks.getFirst().suite(),
            samples.size(),
            0));
    workshop.selfTest(samples);
    progress.on(
        new Progress.Finished(
            side.reference.side(),
            Step.SELF_TEST,
            side.tasks.getFirst().suite(),
            samples.size(),
            0));
  }

  /** Tells how far a step is. */
  private final class Counter {
    private final Side side;
    private final Step step;
    private final String suite;
    private final int items;
    private int done;
    private int faults;

    Counter(Side side, Step step, String suite, int items) {
      this.side = side;
      this.step = step;
      this.suite = suite;
      this.items = items;
    }

    void begin(int more) {
      done += more;
    }

    void announce() {
      progress.on(new Progress.Started(side, step, suite, items, done));
    }

    void advance(boolean fault) {
      done++;
      if (fault) {
        faults++;
      }
      progress.on(new Progress.Advanced(side, step, suite, items, done, faults));
    }

    void finish() {
      progress.on(new Progress.Finished(side, step, suite, items, faults));
    }
  }

  /** One side's run while it is worked on. */
  private final class SideRun {
    final Reference reference;
    final Path path;
    final RunFolder folder;
    final List<SuiteTask> tasks;
    final Map<String, List<Question>> questions;
    final Map<String, Map<String, AnswerLine>> answers = new HashMap<>();
    final Map<String, Map<String, ExecutionLine>> executions = new HashMap<>();
    private final Instant started;
    private final Optional<RunSandbox> workshop;
    private Provenance provenance;
    private long lastSeen;

    SideRun(
        Reference reference,
        Path path,
        Identity identity,
        List<SuiteTask> tasks,
        Map<String, List<Question>> questions,
        Instant started,
        Optional<RunSandbox> workshop) {
      this.reference = reference;
      this.path = path;
      this.folder = new RunFolder(path);
      this.tasks = tasks;
      this.questions = questions;
      this.started = started;
      this.workshop = workshop;
      var facts = new TreeMap<String, Provenance.SuiteFacts>();
      tasks.forEach(task -> facts.put(task.suite(), task.facts()));
      this.provenance = folder.claim(identity, new Provenance(reference.text(), List.of(), facts));
      for (SuiteTask task : tasks) {
        if (task.ofPrograms()) {
          Journal.open(
                  folder.executions(task.suite()),
                  ExecutionLine.class,
                  line -> keep(task.suite(), line))
              .close();
        }
      }
      seen(Optional.empty());
    }

    /** Writes down that this session was alive, and what it has used. */
    void seen(Optional<Usage> usage) {
      // Asked each time: how often a worker was replaced is known at the end only.
      SortedMap<String, String> sandboxFacts =
          workshop.map(shop -> shop.description().facts()).orElseGet(TreeMap::new);
      provenance =
          provenance.with(
              new Provenance.Session(
                  started, Instant.now(), machine(), settings(), usage, sandboxFacts));
      Disk.writePage(folder.provenance(), provenance);
      lastSeen = System.nanoTime();
    }

    /** Writes down how the session has gone on since its model was closed. */
    void seenAgain() {
      seen(provenance.sessions().getLast().usage());
    }

    /** So that a session that is killed has left what it used, to within seconds. */
    private void seenNowAndThen(AnswerSource source) {
      if (System.nanoTime() - lastSeen > SEEN_EVERY_NANOS) {
        seen(source.usage());
      }
    }

    void keep(String suite, ExecutionLine line) {
      executions
          .computeIfAbsent(suite, key -> new HashMap<>())
          .put(line.id() + "#" + line.sample(), line);
    }

    Optional<ExecutionLine> execution(String suite, Program program) {
      return Optional.ofNullable(
              executions.getOrDefault(suite, Map.of()).get(program.id() + "#" + program.sample()))
          .filter(line -> line.program().equals(program.hash()));
    }

    List<Question> questions(String suite) {
      return questions.getOrDefault(suite, List.of());
    }

    void answer(AnswerSource source, SuiteTask task) {
      List<Question> all = questions(task.suite());
      Map<String, AnswerLine> lines = new HashMap<>();
      answers.put(task.suite(), lines);
      var counter = new Counter(reference.side(), Step.ANSWERING, task.suite(), all.size());
      try (Journal<AnswerLine> journal =
          Journal.open(
              folder.answers(task.suite()), AnswerLine.class, line -> lines.put(line.id(), line))) {
        List<Question> pending = new ArrayList<>();
        for (Question question : all) {
          AnswerLine line = lines.get(question.id());
          if (line == null) {
            pending.add(question);
          } else {
            line.requireFor(question, folder.answers(task.suite()));
          }
        }
        counter.begin(all.size() - pending.size());
        counter.announce();
        if (!pending.isEmpty()) {
          source.answer(
              task,
              all,
              pending,
              line -> {
                journal.append(line);
                lines.put(line.id(), line);
                counter.advance(line.fault().isPresent());
                seenNowAndThen(source);
              });
        }
      }
      List<String> missing =
          all.stream().map(Question::id).filter(id -> !lines.containsKey(id)).toList();
      if (!missing.isEmpty()) {
        throw new EvaluationException(
            INPUT,
            reference.text()
                + ": no answer came for "
                + missing.size()
                + " items of "
                + task.suite()
                + ", the first being "
                + missing.getFirst()
                + "; repeat the command");
      }
      counter.finish();
      writePrompts(source, task, all, lines);
    }

    private void writePrompts(
        AnswerSource source, SuiteTask task, List<Question> all, Map<String, AnswerLine> lines) {
      Path file = out.resolve("prompts").resolve(task.suite() + ".jsonl");
      if (reference.side() == Side.CANDIDATE && Files.exists(file)) {
        return; // the baseline's; a prompt that differs is found by its hash
      }
      List<Prompts.Line> prompts = new ArrayList<>();
      for (Question question : all) {
        AnswerLine line = lines.get(question.id());
        int form = line == null ? 0 : line.shortened();
        prompts.add(
            Prompts.line(
                question.id(),
                question.requests().get(form),
                (Prompt prompt) -> source.render(prompt)));
      }
      Disk.writeLines(file, prompts);
    }

    List<Program> programs(SuiteTask task) {
      var grader = new Grader(task);
      Map<String, AnswerLine> lines = answers.getOrDefault(task.suite(), Map.of());
      List<Program> programs = new ArrayList<>();
      for (Question question : questions(task.suite())) {
        AnswerLine line = lines.get(question.id());
        if (line != null) {
          programs.addAll(grader.programs(question, line));
        }
      }
      return programs;
    }

    void writeRecords() {
      for (SuiteTask task : tasks) {
        var grader = new Grader(task);
        Map<String, AnswerLine> lines = answers.getOrDefault(task.suite(), Map.of());
        List<ItemRecord> records = new ArrayList<>();
        List<Timing> timings = new ArrayList<>();
        for (Question question : questions(task.suite())) {
          AnswerLine line = lines.get(question.id());
          if (line == null) {
            throw new IllegalStateException("no answer for " + question.id());
          }
          List<ExecutionLine> executed =
              grader.programs(question, line).stream()
                  .map(program -> execution(task.suite(), program).orElseThrow())
                  .toList();
          records.add(grader.record(question, line, executed));
          timings.add(
              new Timing(
                  question.id(),
                  line.epochMillis(),
                  executed.stream().mapToLong(each -> each.usage().wallMillis()).sum(),
                  executed.stream().mapToLong(each -> each.usage().cpuMillis()).sum(),
                  executed.stream()
                      .mapToLong(each -> each.usage().peakMemoryBytes())
                      .max()
                      .orElse(0)));
        }
        Disk.writeLines(folder.timings(task.suite()), timings);
        Disk.writeLines(folder.records(task.suite()), records);
      }
    }

    private SortedMap<String, String> settings() {
      var settings = new TreeMap<String, String>();
      var options = machinery.engineOptions();
      settings.put("engine", machinery.engine());
      settings.put("threads", Integer.toString(options.threads()));
      settings.put("maxBatch", Integer.toString(options.maxBatch()));
      options.memoryBytes().ifPresent(bytes -> settings.put("memoryBytes", Long.toString(bytes)));
      settings.put("workers", Integer.toString(machinery.sandboxOptions().workers()));
      return settings;
    }
  }

  /**
   * A line of {suite}.timings.jsonl.
   *
   * @param answeredEpochMillis when the answer came; 0 for recorded ones
   * @param executionMillis wall time of the item's programs
   */
  record Timing(
      String id,
      long answeredEpochMillis,
      long executionMillis,
      long executionCpuMillis,
      long peakMemoryBytes) {}

  private static SortedMap<String, String> machine() {
    var machine = new TreeMap<String, String>();
    machine.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    machine.put("architecture", String.valueOf(System.getProperty("os.arch")));
    machine.put("java", String.valueOf(System.getProperty("java.vm.version")));
    machine.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    return machine;
  }
}
