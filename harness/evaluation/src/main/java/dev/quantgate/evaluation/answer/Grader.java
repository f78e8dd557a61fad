package dev.quantgate.evaluation.answer;

import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Grading;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Protocol;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.evaluation.record.AnswerLine;
import dev.quantgate.evaluation.record.ExecutionLine;
import dev.quantgate.evaluation.record.Fault;
import dev.quantgate.evaluation.record.ItemFacts;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.ItemRecord.Choice;
import dev.quantgate.evaluation.record.ItemRecord.Execution;
import dev.quantgate.evaluation.record.ItemRecord.Sample;
import dev.quantgate.evaluation.record.Program;
import dev.quantgate.sandbox.ExecutionResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Pattern;

/** Turns answers and execution results into item records; a pure function of both. */
public final class Grader {
  /** Where an object lies in memory says nothing and differs from run to run. */
  private static final Pattern ADDRESS = Pattern.compile("0x[0-9a-fA-F]{4,16}");

  private static final int DETAIL_CHARACTERS = 400;

  private final Protocol<?> protocol;
  private final Map<String, ItemFacts> facts;

  public Grader(SuiteTask task) {
    this.protocol = task.protocol();
    this.facts = task.itemFacts();
  }

  /**
   * An answer that was read: what it says, and the programs that decide about it.
   *
   * @param grading empty where there is a fault instead of an answer
   * @param programs none for choices and faults
   */
  public record Graded(
      Question question, AnswerLine line, Optional<Grading> grading, List<Program> programs) {
    public Graded {
      programs = List.copyOf(programs);
    }
  }

  /** Reads an answer, once for all that is done with it. */
  public Graded grade(Question question, AnswerLine line) {
    Optional<Grading> grading = line.answer().map(answer -> protocol.grade(question, answer));
    List<Program> programs = new ArrayList<>();
    if (question.key() instanceof Key.Program key
        && grading.orElse(null) instanceof Grading.Programs graded) {
      for (String completion : graded.completions()) {
        programs.add(Program.of(question.id(), programs.size(), key, completion));
      }
    }
    return new Graded(question, line, grading, programs);
  }

  /**
   * The record of an item.
   *
   * @param executions for each program of {@code graded} what came of it
   */
  public ItemRecord record(Graded graded, List<ExecutionLine> executions) {
    Question question = graded.question();
    AnswerLine line = graded.line();
    if (graded.grading().isEmpty()) {
      return item(
          question, line, "", 1, 0, line.fault(), OptionalDouble.empty(), List.of(), List.of());
    }
    Answer answer = line.answer().orElseThrow();
    return switch (graded.grading().get()) {
      case Grading.Chosen chosen -> choice(question, line, answer, chosen);
      case Grading.Said said -> text(question, line, answer, said);
      case Grading.Programs programs -> programs(question, line, answer, programs, executions);
    };
  }

  private ItemRecord choice(
      Question question, AnswerLine line, Answer answer, Grading.Chosen chosen) {
    if (!(question.key() instanceof Key.Choice key)) {
      throw new IllegalStateException(
          "%s: a choice was read, but a program is asked for".formatted(question.id()));
    }
    String label = chosen.index().isPresent() ? key.labels().get(chosen.index().getAsInt()) : "";
    boolean right = chosen.index().isPresent() && chosen.index().getAsInt() == key.index();
    List<Choice> choices = new ArrayList<>();
    if (answer instanceof Answer.Scored scored
        && question.requests().get(line.shortened()) instanceof Request.Choose choose) {
      for (int i = 0; i < scored.choices().size(); i++) {
        var score = scored.choices().get(i);
        choices.add(
            new Choice(
                choose.labels().get(i),
                score.sum(),
                score.tokens(),
                score.wholeSum(),
                score.wholeTokens(),
                choose.rule().value(score)));
      }
    }
    List<Sample> samples = new ArrayList<>();
    if (answer instanceof Answer.Written written) {
      written.samples().forEach(text -> samples.add(sample(label, text, Optional.empty())));
    }
    return item(
        question,
        line,
        label,
        1,
        right ? 1 : 0,
        Optional.empty(),
        chosen.margin(),
        choices,
        samples);
  }

  private ItemRecord text(Question question, AnswerLine line, Answer answer, Grading.Said said) {
    if (!(question.key() instanceof Key.Text key)) {
      throw new IllegalStateException(
          "%s: a text was read, but no text is expected".formatted(question.id()));
    }
    List<Sample> samples =
        answer instanceof Answer.Written written
            ? written.samples().stream()
                .map(text -> sample(said.answer(), text, Optional.empty()))
                .toList()
            : List.of();
    return item(
        question,
        line,
        said.answer(),
        1,
        said.answer().equals(key.expected()) ? 1 : 0,
        Optional.empty(),
        OptionalDouble.empty(),
        List.of(),
        samples);
  }

  private ItemRecord programs(
      Question question,
      AnswerLine line,
      Answer answer,
      Grading.Programs programs,
      List<ExecutionLine> executions) {
    List<Sample> samples = new ArrayList<>();
    int right = 0;
    Optional<Fault> fault = Optional.empty();
    for (int i = 0; i < programs.completions().size(); i++) {
      ExecutionLine execution = executions.get(i);
      if (execution.outcome() == ExecutionResult.Outcome.PASSED) {
        right++;
      }
      if (!execution.outcome().judged() && fault.isEmpty()) {
        fault = Optional.of(new Fault(category(execution.outcome()), detail(execution)));
      }
      String kept = measured(execution.outcome()) ? "" : detail(execution);
      var executed =
          Optional.of(
              new Execution(execution.outcome(), kept, execution.exit(), execution.official()));
      String completion = programs.completions().get(i);
      samples.add(
          answer instanceof Answer.Written written
              ? sample(completion, written.samples().get(i), executed)
              : new Sample(
                  completion, Optional.empty(), Optional.empty(), List.of(), List.of(), executed));
    }
    String first = samples.isEmpty() ? "" : samples.getFirst().answer();
    return item(
        question,
        line,
        first,
        samples.size(),
        right,
        fault,
        OptionalDouble.empty(),
        List.of(),
        samples);
  }

  private static Sample sample(String answer, Answer.Text text, Optional<Execution> execution) {
    return new Sample(
        answer,
        text.text().equals(answer) ? Optional.empty() : Optional.of(text.text()),
        Optional.of(text.end()),
        text.tokens(),
        text.margins(),
        execution);
  }

  /**
   * Whether a detail holds measured numbers (the time that a slow machine was given), which the
   * journal keeps.
   */
  private static boolean measured(ExecutionResult.Outcome outcome) {
    return switch (outcome) {
      case TIMEOUT, MEMORY, SANDBOX_ERROR -> true;
      case PASSED, FAILED, CRASHED, EARLY_EXIT, TAMPERED, UNSUPPORTED -> false;
    };
  }

  private static Fault.Category category(ExecutionResult.Outcome outcome) {
    return outcome == ExecutionResult.Outcome.UNSUPPORTED
        ? Fault.Category.UNSUPPORTED
        : Fault.Category.SANDBOX_ERROR;
  }

  private static String detail(ExecutionLine execution) {
    String plain = ADDRESS.matcher(execution.detail()).replaceAll("0x...");
    return plain.length() <= DETAIL_CHARACTERS ? plain : plain.substring(0, DETAIL_CHARACTERS);
  }

  private ItemRecord item(
      Question question,
      AnswerLine line,
      String answer,
      int answers,
      int right,
      Optional<Fault> fault,
      OptionalDouble margin,
      List<Choice> choices,
      List<Sample> samples) {
    return new ItemRecord(
        question.id(),
        Optional.ofNullable(facts.get(question.id())),
        line.promptSha256(),
        line.promptTokens(),
        line.tokensSha256(),
        line.shortened(),
        answer,
        switch (question.key()) {
          case Key.Choice key -> key.label();
          case Key.Text key -> key.expected();
          case Key.Program key -> "";
        },
        answers,
        right,
        fault.isPresent() ? OptionalDouble.empty() : OptionalDouble.of((double) right / answers),
        fault,
        margin,
        margin.isPresent() && margin.getAsDouble() == 0,
        choices,
        samples);
  }
}
