package dev.quantgate.evaluation.verify;

import dev.quantgate.base.QuantGateException;
import dev.quantgate.evaluation.answer.Grader;
import dev.quantgate.evaluation.answer.Grader.Graded;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.record.AnswerLine;
import dev.quantgate.evaluation.record.ExecutionLine;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.ItemTiming;
import dev.quantgate.evaluation.record.Program;
import dev.quantgate.evaluation.record.Prompts;
import dev.quantgate.evaluation.record.Provenance.SuiteFacts;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.Stopping;
import dev.quantgate.evaluation.record.SuiteIdentity;
import dev.quantgate.evaluation.verify.SuiteFinder.Found;
import dev.quantgate.inference.Prompt;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Recomputes one suite of a run: which items were asked from the data, and every record and time
 * from journals and data.
 */
final class SuiteVerifier {
  private static final String JOURNALS = "journals and data";

  private final SealedFolder folder;
  private final String place;
  private final String suite;
  private final SuiteIdentity identity;
  private final List<ItemRecord> records;
  private final Findings findings;
  private final Map<String, AnswerLine> answers = new HashMap<>();
  private final Map<String, ExecutionLine> executions = new HashMap<>();
  private List<Prompts.Line> prompts = List.of();
  private Optional<AskedInOrder> inOrder = Optional.empty();

  /**
   * @param place stands before what is told of the suite: empty, or "candidate: "
   */
  SuiteVerifier(
      SealedFolder folder,
      String place,
      String suite,
      SuiteIdentity identity,
      List<ItemRecord> records,
      Findings findings) {
    this.folder = folder;
    this.place = place;
    this.suite = suite;
    this.identity = identity;
    this.records = records;
    this.findings = findings;
  }

  /** What was asked; empty where a model has to render it. */
  List<Prompts.Line> prompts() {
    return prompts;
  }

  /** The order in which items were asked until all was decided; empty where all were. */
  Optional<AskedInOrder> inOrder() {
    return inOrder;
  }

  /**
   * Checks all of it.
   *
   * @param facts what provenance.json says of the suite
   */
  void verify(SuiteFinder finder, Optional<SuiteFacts> facts) {
    if (!readJournals()) {
      unverified("its journal cannot be read; bring back the one that was written");
      return;
    }
    Found found;
    try {
      found = finder.find(suite, identity);
    } catch (QuantGateException | IllegalArgumentException e) {
      againstJournal(first(e));
      return;
    }
    String here = found.all().origin().sha256();
    if (!here.equals(identity.data())) {
      String file = found.all().origin().file();
      findings.compare(
          folder.name(RunFolder.IDENTITY),
          "suite.%s.data".formatted(suite),
          identity.data(),
          here,
          "the data in %s".formatted(file));
      againstJournal("%s is other data than was asked".formatted(file));
      return;
    }
    try {
      regrade(found, facts);
    } catch (QuantGateException | IllegalArgumentException e) {
      againstJournal(first(e));
    }
  }

  private static String first(RuntimeException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  private void unverified(String why) {
    findings.unverified("%s%s: %s".formatted(place, suite, why));
  }

  private static String key(String id, int sample) {
    return "%d %s".formatted(sample, id);
  }

  /** Reads both journals and finds what they have and the records have not. */
  private boolean readJournals() {
    Optional<List<AnswerLine>> lines =
        folder.values(RunFolder.answersName(suite), AnswerLine.class);
    if (lines.isEmpty()) {
      return false;
    }
    Set<String> asked = new HashSet<>(records.stream().map(ItemRecord::id).toList());
    String journal = folder.name(RunFolder.answersName(suite));
    for (int i = 0; i < lines.get().size(); i++) {
      AnswerLine line = lines.get().get(i);
      String expected = "an item that has a record";
      if (answers.put(line.id(), line) != null) {
        expected = "one answer to each item";
      } else if (asked.contains(line.id())) {
        continue;
      }
      findings.add(new Difference(journal, i + 1, "id", line.id(), expected, "the records"));
    }
    String executed = RunFolder.executionsName(suite);
    if (folder.has(executed)) {
      List<ExecutionLine> all = folder.values(executed, ExecutionLine.class).orElse(List.of());
      for (int i = 0; i < all.size(); i++) {
        ExecutionLine line = all.get(i);
        if (asked.contains(line.id())) {
          executions.put(key(line.id(), line.sample()), line); // a later one is a second try
        } else {
          findings.add(
              new Difference(
                  folder.name(executed),
                  i + 1,
                  "id",
                  line.id(),
                  "an item that has a record",
                  "the records"));
        }
      }
    }
    return true;
  }

  private void againstJournal(String why) {
    new JournalOnly(folder, suite, findings).verify(records, answers, executions);
    unverified(
        "its records were held against the journal alone (%s); say where its data lies: --data DIR, or --suites FILE for a suite of your own"
            .formatted(why));
  }

  private void regrade(Found found, Optional<SuiteFacts> facts) {
    Set<String> known = Set.copyOf(found.all().allIds());
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < records.size(); i++) {
      String id = records.get(i).id();
      if (known.contains(id)) {
        ids.add(id);
      } else {
        findings.add(
            new Difference(
                folder.name(RunFolder.recordsName(suite)),
                i + 1,
                "id",
                id,
                "one of the data's items",
                "the data"));
      }
    }
    if (ids.isEmpty()) {
      return;
    }
    Optional<SuiteTask> planned = AskedInOrder.planned(found, identity, ids);
    boolean stopped = identity.asking().containsKey(SuiteIdentity.ORDER);
    if (planned.isEmpty()) {
      unverified(
          "that the items asked are the first of the order \"%s\" cannot be told, as those planned are neither all nor drawn by its seed; ask all items, or draw them by --limit"
              .formatted(identity.asking().get(SuiteIdentity.ORDER)));
    }
    SuiteTask task = planned.orElseGet(() -> found.named(ids));
    List<Question> questions = questions(task, planned.isPresent());
    if (stopped && planned.isPresent()) {
      var order = AskedInOrder.of(suite, identity, questions);
      order.verify(folder.name(RunFolder.recordsName(suite)), ids, findings);
      inOrder = Optional.of(order);
    }
    facts.ifPresent(stored -> verifyFacts(stored, task.facts(), stopped, ids));
    Set<String> asked = Set.copyOf(ids);
    regrade(task, questions.stream().filter(each -> asked.contains(each.id())).toList());
  }

  private void verifyFacts(SuiteFacts stored, SuiteFacts found, boolean stopped, List<String> ids) {
    Optional<Stopping> stopping =
        stopped ? inOrder.map(order -> order.stopping(ids)).or(stored::stopping) : Optional.empty();
    String field = "suites.%s".formatted(suite);
    findings.compare(
        folder.name(RunFolder.PROVENANCE),
        field,
        stored.toString(),
        new SuiteFacts(
                stored.file(),
                found.catalogued(),
                found.available(),
                found.subjects(),
                found.chance(),
                stored.stopping())
            .toString(),
        "the data");
    findings.compare(
        folder.name(RunFolder.PROVENANCE),
        "%s.stopping".formatted(field),
        stored.stopping().map(Stopping::toString).orElse("nothing"),
        stopping.map(Stopping::toString).orElse("nothing"),
        "the data and the order");
  }

  /**
   * The questions as they were asked: with or without chat, whichever fits what was asked.
   *
   * @param all whether these are the items that the hash of the prompts is over
   */
  private List<Question> questions(SuiteTask task, boolean all) {
    Optional<String> asked =
        Optional.ofNullable(identity.asking().get(SuiteIdentity.PROMPTS)).filter(hash -> all);
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

  private void regrade(SuiteTask task, List<Question> questions) {
    String journal = RunFolder.answersName(suite);
    var grader = new Grader(task);
    List<ItemRecord> regraded = new ArrayList<>();
    List<ItemTiming> timings = new ArrayList<>();
    Set<String> judged = new HashSet<>();
    for (Question question : questions) {
      AnswerLine line = answers.get(question.id());
      if (line == null) {
        differs(journal, question.id(), "nothing", "an answer", "the data's items");
        return;
      }
      try {
        line.requireFor(question, folder.path(journal));
        requireSamples(question, line);
        Graded graded = grader.grade(question, line);
        graded.programs().forEach(program -> judged.add(key(program.id(), program.sample())));
        List<ExecutionLine> executed = executed(graded);
        if (executed.size() < graded.programs().size()) {
          return;
        }
        regraded.add(grader.record(graded, executed));
        timings.add(ItemTiming.of(line, executed));
      } catch (QuantGateException | IllegalArgumentException e) {
        differs(journal, question.id(), first(e), "", "the data");
        return;
      }
    }
    executions.keySet().stream()
        .filter(key -> !judged.contains(key))
        .forEach(
            key -> differs(RunFolder.executionsName(suite), key, "a program", "none", JOURNALS));
    prompts = prompts(questions);
    folder.compare(RunFolder.recordsName(suite), regraded, JOURNALS);
    folder.compare(RunFolder.timingsName(suite), timings, JOURNALS);
    findings.recomputed(
        "%s%s: %d records and times from %s".formatted(place, suite, regraded.size(), JOURNALS));
  }

  private void differs(String file, String field, String found, String expected, String basis) {
    findings.add(new Difference(folder.name(file), 0, field, found, expected, basis));
  }

  /** A live model writes as many texts for each problem as identity.json says. */
  private void requireSamples(Question question, AnswerLine line) {
    String wanted = identity.asking().get(SuiteIdentity.SAMPLES);
    if (wanted != null
        && question.key() instanceof Key.Program
        && line.answer().orElse(null) instanceof Answer.Written written
        && !wanted.equals(Integer.toString(written.samples().size()))) {
      differs(
          RunFolder.answersName(suite),
          "%s, samples".formatted(question.id()),
          Integer.toString(written.samples().size()),
          wanted,
          folder.name(RunFolder.IDENTITY));
    }
  }

  private List<Prompts.Line> prompts(List<Question> questions) {
    try {
      return questions.stream()
          .map(question -> {
            AnswerLine line = answers.get(question.id());
            int form = line == null ? 0 : line.shortened();
            return Prompts.line(question, question.requests().get(form), SuiteVerifier::rendered);
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

  private List<ExecutionLine> executed(Graded graded) {
    List<ExecutionLine> executed = new ArrayList<>();
    for (Program program : graded.programs()) {
      String key = key(program.id(), program.sample());
      ExecutionLine line = executions.get(key);
      if (line == null || !line.program().equals(program.hash())) {
        differs(
            RunFolder.executionsName(suite),
            "%s, program".formatted(key),
            line == null ? "nothing" : line.program(),
            program.hash(),
            JOURNALS);
        return executed;
      }
      executed.add(line);
    }
    return executed;
  }
}
