package dev.quantgate.evaluation.verify;

import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Grading;
import dev.quantgate.evaluation.protocol.Rule;
import dev.quantgate.evaluation.record.AnswerLine;
import dev.quantgate.evaluation.record.ExecutionLine;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.ItemTiming;
import dev.quantgate.evaluation.record.RunFolder;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * Holds records against the journal where the data is not: what stands in both must be the same,
 * and what follows from both must follow. A record that contradicts itself was refused before;
 * whether what it calls right is right is not to be known.
 */
final class JournalOnly {
  private static final String BASIS = "the journal";

  private final SealedFolder folder;
  private final String suite;
  private final String file;
  private final Findings findings;

  /** The rules by which the values of all choices up to now can have come about. */
  private final Set<Rule> rules = EnumSet.allOf(Rule.class);

  JournalOnly(SealedFolder folder, String suite, Findings findings) {
    this.folder = folder;
    this.suite = suite;
    this.file = folder.name(RunFolder.recordsName(suite));
    this.findings = findings;
  }

  /**
   * Compares all records.
   *
   * @param executions by sample and id, as "0 HumanEval/0"
   */
  void verify(
      List<ItemRecord> records,
      Map<String, AnswerLine> answers,
      Map<String, ExecutionLine> executions) {
    List<ItemTiming> timings = new ArrayList<>();
    for (int i = 0; i < records.size(); i++) {
      ItemRecord record = records.get(i);
      AnswerLine line = answers.get(record.id());
      int number = i + 1;
      if (line == null) {
        same(number, "id", record.id(), "no answer");
        continue;
      }
      same(number, "shortened", record.shortened(), line.shortened());
      same(number, "promptSha256", record.promptSha256(), line.promptSha256());
      same(number, "promptTokens", record.promptTokens(), line.promptTokens());
      same(number, "tokensSha256", record.tokensSha256(), line.tokensSha256());
      line.answer()
          .ifPresentOrElse(
              answer -> verify(number, record, answer), () -> verifyFault(number, record, line));
      timings.add(ItemTiming.of(line, executed(number, record, executions)));
    }
    if (timings.size() == records.size()) {
      folder.compare(RunFolder.timingsName(suite), timings, BASIS);
    }
  }

  /** An item without an answer has neither choice nor text, and nothing right. */
  private void verifyFault(int number, ItemRecord record, AnswerLine line) {
    same(number, "fault", record.fault(), line.fault());
    same(number, "answer", record.answer(), "");
    same(number, "right", record.right(), 0);
    same(number, "choices", record.choices().size(), 0);
    same(number, "samples", record.samples().size(), 0);
  }

  private void verify(int number, ItemRecord record, Answer answer) {
    switch (answer) {
      case Answer.Scored(List<Answer.ChoiceScore> choices) -> choices(number, record, choices);
      case Answer.Written(List<Answer.Text> samples) -> {
        same(number, "samples", record.samples().size(), samples.size());
        for (int s = 0; s < Math.min(samples.size(), record.samples().size()); s++) {
          ItemRecord.Sample stored = record.samples().get(s);
          Answer.Text text = samples.get(s);
          String field = "samples[%d].".formatted(s);
          same(number, field + "text", stored.text().orElse(stored.answer()), text.text());
          same(number, field + "end", stored.end(), Optional.of(text.end()));
          same(number, field + "tokens", stored.tokens(), text.tokens());
          same(number, field + "margins", stored.margins(), text.margins());
        }
        if (!record.samples().isEmpty()) {
          same(number, "answer", record.answer(), record.samples().getFirst().answer());
        }
      }
      case Answer.Given(List<String> values) -> given(number, record, values);
    }
  }

  /** The choice, its margin and its value must follow from the scores by one rule of the suite. */
  private void choices(int number, ItemRecord record, List<Answer.ChoiceScore> choices) {
    List<ItemRecord.Choice> stored = record.choices();
    same(number, "choices", stored.size(), choices.size());
    if (stored.size() != choices.size() || choices.isEmpty()) {
      return;
    }
    for (int c = 0; c < choices.size(); c++) {
      ItemRecord.Choice each = stored.get(c);
      same(
          number,
          "choices[%d]".formatted(c),
          new Answer.ChoiceScore(each.sum(), each.tokens(), each.wholeSum(), each.wholeTokens()),
          choices.get(c));
    }
    same(
        number,
        "choices",
        stored.stream().map(ItemRecord.Choice::label).distinct().count(),
        (long) stored.size());
    List<Double> values = stored.stream().map(ItemRecord.Choice::value).toList();
    rules.removeIf(rule -> !choices.stream().map(rule::value).toList().equals(values));
    if (rules.isEmpty()) {
      findings.add(
          new Difference(
              file, number, "choices", "%s".formatted(values), "values of one rule", BASIS));
      rules.addAll(EnumSet.allOf(Rule.class));
      return;
    }
    Grading.Chosen best = Grading.best(choices, rules.iterator().next());
    same(number, "answer", record.answer(), stored.get(best.index().orElseThrow()).label());
    same(number, "margin", record.margin(), best.margin());
    same(
        number,
        "expected",
        stored.stream().anyMatch(choice -> choice.label().equals(record.expected())),
        true);
  }

  /** Recorded completions are judged as they are, and so is a choice's label but for its case. */
  private void given(int number, ItemRecord record, List<String> values) {
    if (record.expected().isEmpty()) {
      same(
          number,
          "samples",
          record.samples().stream().map(ItemRecord.Sample::answer).toList(),
          values);
      same(number, "answer", record.answer(), values.isEmpty() ? "" : values.getFirst());
    } else if (record.facts().filter(facts -> facts.choices() > 0).isPresent()
        && !record.answer().equalsIgnoreCase(values.getFirst().strip())) {
      same(number, "answer", record.answer(), values.getFirst());
    }
  }

  /** What came of an item's programs; a choice has none. */
  private List<ExecutionLine> executed(
      int number, ItemRecord record, Map<String, ExecutionLine> executions) {
    List<ExecutionLine> executed = new ArrayList<>();
    for (int s = 0; s < Math.max(1, record.samples().size()); s++) {
      ExecutionLine line = executions.get("%d %s".formatted(s, record.id()));
      Optional<ItemRecord.Execution> stored =
          s < record.samples().size() ? record.samples().get(s).execution() : Optional.empty();
      String field = "samples[%d].execution.".formatted(s);
      same(
          number,
          field + "outcome",
          stored.map(ItemRecord.Execution::outcome),
          Optional.ofNullable(line).map(ExecutionLine::outcome));
      if (line != null && stored.isPresent()) {
        same(number, field + "exit", stored.get().exit(), line.exit());
        same(number, field + "official", stored.get().official(), line.official());
        executed.add(line);
      }
    }
    return executed;
  }

  private void same(int line, String field, Object found, Object expected) {
    if (!Objects.equals(found, expected)) {
      findings.add(new Difference(file, line, field, shown(found), shown(expected), BASIS));
    }
  }

  private static String shown(Object value) {
    return switch (value) {
      case Optional<?> optional -> optional.map(Object::toString).orElse("nothing");
      case OptionalDouble number ->
          number.isPresent() ? Double.toString(number.getAsDouble()) : "nothing";
      default -> value.toString();
    };
  }
}
