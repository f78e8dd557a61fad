package dev.quantgate.evaluation.answer;

import static dev.quantgate.evaluation.record.EvaluationException.Kind.INPUT;

import dev.quantgate.base.Sha256;
import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.record.AnswerLine;
import dev.quantgate.evaluation.record.Disk;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.Fault;
import dev.quantgate.evaluation.record.Identity;
import dev.quantgate.evaluation.record.ModelUsage;
import dev.quantgate.evaluation.record.Prompts;
import dev.quantgate.inference.Prompt;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Answers recorded elsewhere. What a recording does not know (prompts, token ids, decoding) stays
 * unknown and is not compared; a finished run of this program knows all of it.
 */
public final class RecordedSource implements AnswerSource {
  private final Path path;
  private final Map<String, Recording> recordings;

  public RecordedSource(Path path, Map<String, Recording> recordings) {
    this.path = path;
    this.recordings = Map.copyOf(recordings);
  }

  /** Opens a recording for the suites of a run and checks it whole. */
  public static RecordedSource open(Path path, List<SuiteTask> tasks) {
    return new RecordedSource(path, Recordings.read(path, tasks));
  }

  /**
   * One suite's answers.
   *
   * @param sha256 of the file
   * @param lines by id; null-free
   * @param known what is known of how they were asked, as {@link AnswerSource#suiteIdentity}
   * @param model fields of the model that gave them; empty where unknown
   */
  public record Recording(
      String sha256,
      Map<String, AnswerLine> lines,
      SortedMap<String, String> known,
      SortedMap<String, String> model) {}

  @Override
  public String description() {
    int answers =
        recordings.values().stream().mapToInt(recording -> recording.lines().size()).sum();
    return "recorded answers to %s items, from %s".formatted(answers, path);
  }

  @Override
  public SortedMap<String, String> identity() {
    var fields = new TreeMap<String, String>();
    recordings.forEach((suite, recording) -> {
      fields.putAll(recording.model());
      fields.put("model.recording." + suite, recording.sha256());
    });
    fields.put(Identity.SOURCE, "recorded");
    return fields;
  }

  @Override
  public boolean chatTemplate() {
    return false;
  }

  @Override
  public SortedMap<String, String> suiteIdentity(SuiteTask task, List<Question> questions) {
    return recording(task).known();
  }

  @Override
  public void require(SuiteTask task, List<Question> questions) {
    recording(task);
  }

  private Recording recording(SuiteTask task) {
    Recording recording = recordings.get(task.suite());
    if (recording == null) {
      throw new EvaluationException(
          INPUT, "%s: has no answers for suite %s".formatted(path, task.suite()));
    }
    return recording;
  }

  @Override
  public void answer(
      SuiteTask task, List<Question> all, List<Question> pending, Consumer<AnswerLine> sink) {
    Map<String, AnswerLine> lines = recording(task).lines();
    for (Question question : pending) {
      if (Thread.interrupted()) {
        throw new EvaluationException(EvaluationException.Kind.INTERRUPTED, "stopped");
      }
      AnswerLine line = lines.get(question.id());
      if (line != null) {
        line.requireFor(question, path);
      }
      if (line != null && !line.promptSha256().isEmpty()) {
        sink.accept(line);
        continue;
      }
      String prompt = Sha256.hex(Prompts.text(question.request(), RecordedSource::render));
      if (line == null) {
        sink.accept(
            new AnswerLine(
                question.id(),
                Optional.empty(),
                Optional.of(
                    new Fault(Fault.Category.MISSING, "the recording has no answer for it")),
                0,
                prompt,
                OptionalInt.empty(),
                Optional.empty(),
                0));
      } else {
        requireFit(task, question, line);
        sink.accept(
            new AnswerLine(
                line.id(),
                line.answer(),
                line.fault(),
                0,
                prompt,
                OptionalInt.empty(),
                Optional.empty(),
                0));
      }
    }
  }

  /** A label that names no choice is refused: nobody can say what it was meant to be. */
  private void requireFit(SuiteTask task, Question question, AnswerLine line) {
    if (question.key() instanceof Key.Choice key
        && line.answer().orElseThrow() instanceof Answer.Given(List<String> values)) {
      String label = values.getFirst().strip();
      if (!label.isEmpty() && key.labels().stream().noneMatch(label::equalsIgnoreCase)) {
        throw new EvaluationException(
            INPUT,
            "%s: %s item %s: expected one of %s (or nothing), found \"%s\""
                .formatted(
                    path,
                    task.suite(),
                    question.id(),
                    String.join(", ", key.labels()),
                    Disk.shortened(label)));
      }
    }
  }

  @Override
  public Map<Prompt, String> render(List<Prompt> prompts) {
    return prompts.stream()
        .distinct()
        .collect(Collectors.toMap(Function.identity(), RecordedSource::render));
  }

  private static String render(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Text text -> text.text();
      case Prompt.Tokens tokens -> tokens.ids().toString();
      case Prompt.Chat chat ->
          String.join("\n", chat.messages().stream().map(Prompt.Message::content).toList());
    };
  }

  @Override
  public Optional<ModelUsage> usage() {
    return Optional.empty();
  }

  @Override
  public void close() {}
}
