package dev.quantgate.evaluation.answer;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.INPUT;

import dev.quantgate.base.Sha256;
import dev.quantgate.evaluation.answer.RecordedSource.Recording;
import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Answer.ChoiceScore;
import dev.quantgate.evaluation.record.AnswerLine;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.Fault;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.evaluation.record.SuiteIdentity;
import dev.quantgate.inference.Generation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * Reads recordings. Three forms: a file of JSON Lines for one suite, a folder with {@code
 * {suite}.jsonl} files, and a finished run. Lines are {@code {"task_id","completion"}} as
 * openai/human-eval has them (several for a problem are samples of it), or {@code {"id","answer"}}
 * with a choice's label; further keys are passed over. Ids must be known to the suite's data.
 */
public final class Recordings {
  private static final int MOST_SAMPLES = 10_000;

  private Recordings() {}

  public static Map<String, Recording> read(Path path, List<SuiteTask> tasks) {
    if (Files.isRegularFile(path)) {
      if (tasks.size() != 1) {
        throw new EvaluationException(
            INPUT,
            ("%s: one file answers one suite, and %d are asked; give a folder with %s.jsonl and "
                    + "so on")
                .formatted(path, tasks.size(), tasks.getFirst().suite()));
      }
      return Map.of(tasks.getFirst().suite(), foreign(path, tasks.getFirst()));
    }
    if (!Files.isDirectory(path)) {
      throw new EvaluationException(
          INPUT, "%s: there is no such file or folder to replay".formatted(path));
    }
    Optional<Path> run = RunFolder.locate(path, Side.MODEL);
    var recordings = new LinkedHashMap<String, Recording>();
    for (SuiteTask task : tasks) {
      recordings.put(
          task.suite(),
          run.isPresent() ? own(run.get(), task) : foreign(inFolder(path, task.suite()), task));
    }
    return recordings;
  }

  private static Path inFolder(Path folder, String suite) {
    for (String name : List.of(suite + ".jsonl", suite + ".jsonl.gz")) {
      if (Files.isRegularFile(folder.resolve(name))) {
        return folder.resolve(name);
      }
    }
    String hint =
        Files.isDirectory(folder.resolve("baseline"))
            ? "; for a run of two models name one of them, such as %s"
                .formatted(folder.resolve("candidate"))
            : "";
    throw new EvaluationException(
        INPUT,
        "%s: expected %s.jsonl with recorded answers, found none%s".formatted(folder, suite, hint));
  }

  private static Recording foreign(Path file, SuiteTask task) {
    boolean programs = task.ofPrograms();
    String idKey = programs ? "task_id" : "id";
    String answerKey = programs ? "completion" : "answer";
    Set<String> known = new HashSet<>(task.allIds());
    Map<String, List<String>> answers = new LinkedHashMap<>();
    Map<String, Long> firstLines = new HashMap<>();
    Disk.readObjects(
        file,
        (line, object) -> {
          String id = idOf(file, line, object, idKey, answerKey);
          if (!known.contains(id)) {
            throw at(
                file,
                line,
                "\"%s\" is no item of %s (%s), whose first is %s"
                    .formatted(
                        Disk.shortened(id),
                        task.suite(),
                        task.origin().file(),
                        task.allIds().getFirst()));
          }
          JsonNode answer = object.path(answerKey);
          if (!answer.isString()) {
            throw at(
                file,
                line,
                "expected \"%s\" with a text, found %s".formatted(answerKey, Disk.kind(answer)));
          }
          List<String> values = answers.computeIfAbsent(id, key -> new ArrayList<>());
          Long first = firstLines.putIfAbsent(id, line);
          if (first != null && !programs) {
            throw at(file, line, "item %s was answered in line %s already".formatted(id, first));
          }
          if (values.size() == MOST_SAMPLES) {
            throw at(file, line, "more than %s samples of %s".formatted(MOST_SAMPLES, id));
          }
          values.add(answer.stringValue());
        });
    if (answers.isEmpty()) {
      throw new EvaluationException(
          INPUT,
          "%s: has no answers; expected lines {\"%s\": ..., \"%s\": ...}"
              .formatted(file, idKey, answerKey));
    }
    var lines = new HashMap<String, AnswerLine>();
    answers.forEach((id, values) ->
        lines.put(
            id,
            new AnswerLine(
                id,
                Optional.of(new Answer.Given(values)),
                Optional.empty(),
                0,
                "",
                OptionalInt.empty(),
                Optional.empty(),
                0)));
    return new Recording(sha256(file), lines, new TreeMap<>(), new TreeMap<>());
  }

  private static String idOf(
      Path file, long line, JsonNode object, String idKey, String answerKey) {
    JsonNode id = object.path(idKey);
    if (id.isString()) {
      return id.stringValue();
    }
    if (id.isIntegralNumber()) {
      return id.asString();
    }
    throw at(
        file,
        line,
        "expected {\"%s\": ..., \"%s\": ...}, found %s"
            .formatted(
                idKey,
                answerKey,
                object.has(idKey)
                    ? "\"%s\" with %s".formatted(idKey, Disk.kind(id))
                    : "no \"%s\"".formatted(idKey)));
  }

  private static EvaluationException at(Path file, long line, String message) {
    return new EvaluationException(INPUT, "%s, line %d: %s".formatted(file, line, message));
  }

  private static Recording own(Path folder, SuiteTask task) {
    FinishedRun run = RunFolder.read(folder);
    List<ItemRecord> records = run.suites().get(task.suite());
    if (records == null) {
      throw new EvaluationException(
          INPUT,
          "%s: the run has no suite %s; it has %s"
              .formatted(folder, task.suite(), String.join(", ", run.suites().keySet())));
    }
    SuiteIdentity stored = run.identity().suite(task.suite());
    requireSame(folder, task, "data", stored.data(), task.origin().sha256());
    requireSame(folder, task, "protocol", stored.protocol(), task.protocol().id());
    Set<String> known = new HashSet<>(task.allIds());
    var lines = new HashMap<String, AnswerLine>();
    boolean program = task.ofPrograms();
    for (ItemRecord record : records) {
      if (known.contains(record.id()) && !missing(record)) {
        lines.put(record.id(), line(record, program));
      }
    }
    var asked = new TreeMap<>(stored.asking());
    asked.remove(SuiteIdentity.PROMPTS);
    var model = new TreeMap<String, String>();
    run.identity()
        .model()
        .forEach((field, value) -> {
          if (!field.startsWith("recording.")) {
            model.put("model.%s".formatted(field), value);
          }
        });
    return new Recording(
        sha256(folder.resolve("%s.jsonl".formatted(task.suite()))), lines, asked, model);
  }

  private static boolean missing(ItemRecord record) {
    return record.fault().isPresent() && record.fault().get().category() == Fault.Category.MISSING;
  }

  private static String shown(String value) {
    return value.isEmpty() ? "not set" : "\"%s\"".formatted(value);
  }

  private static void requireSame(
      Path folder, SuiteTask task, String field, String theirs, String ours) {
    if (!theirs.equals(ours)) {
      throw new EvaluationException(
          INPUT,
          "%s: its %s was asked with another %s: %s there, %s now"
              .formatted(folder, task.suite(), field, shown(theirs), shown(ours)));
    }
  }

  /**
   * What a record says was answered; a fault of the sandbox is not the model's and is tried again.
   */
  private static AnswerLine line(ItemRecord record, boolean program) {
    Optional<Answer> answer = Optional.empty();
    if (!record.choices().isEmpty()) {
      answer =
          Optional.of(
              new Answer.Scored(
                  record.choices().stream()
                      .map(choice ->
                          new ChoiceScore(
                              choice.sum(),
                              choice.tokens(),
                              choice.wholeSum(),
                              choice.wholeTokens()))
                      .toList()));
    } else if (!record.samples().isEmpty()) {
      boolean live = record.samples().stream().allMatch(sample -> sample.end().isPresent());
      answer =
          Optional.of(
              live
                  ? new Answer.Written(
                      record.samples().stream()
                          .map(sample ->
                              new Answer.Text(
                                  sample.text().orElse(sample.answer()),
                                  sample.end().orElse(Generation.End.EOS),
                                  sample.tokens(),
                                  sample.margins()))
                          .toList())
                  : new Answer.Given(
                      record.samples().stream().map(ItemRecord.Sample::answer).toList()));
    } else if (record.fault().isEmpty() && !program) {
      answer = Optional.of(new Answer.Given(List.of(record.answer())));
    }
    return new AnswerLine(
        record.id(),
        answer,
        answer.isPresent() ? Optional.empty() : record.fault(),
        record.shortened(),
        record.promptSha256(),
        record.promptTokens(),
        record.tokensSha256(),
        0);
  }

  private static String sha256(Path file) {
    return Sha256.hex(file);
  }
}
