package dev.quantgate.evaluation.verify;

import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.record.AnswerLine;
import dev.quantgate.evaluation.record.ExecutionLine;
import dev.quantgate.evaluation.record.ItemRecord;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Holds records against the journal where the data is not: what stands in both must be the same.
 */
record JournalOnly(String file, Findings findings) {

  void verify(
      List<ItemRecord> records,
      Map<String, AnswerLine> answers,
      Map<String, ExecutionLine> executions) {
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
      if (line.fault().isPresent()) {
        same(number, "fault", record.fault(), line.fault());
      }
      line.answer().ifPresent(answer -> verify(number, record, answer));
      for (int s = 0; s < record.samples().size(); s++) {
        ExecutionLine executed = executions.get("%d %s".formatted(s, record.id()));
        int sample = s;
        record
            .samples()
            .get(s)
            .execution()
            .ifPresent(execution -> {
              same(
                  number,
                  "samples[%d].execution.outcome".formatted(sample),
                  execution.outcome(),
                  executed == null ? "nothing" : executed.outcome());
            });
      }
    }
  }

  private void verify(int number, ItemRecord record, Answer answer) {
    switch (answer) {
      case Answer.Scored(List<Answer.ChoiceScore> choices) -> {
        same(number, "choices", record.choices().size(), choices.size());
        for (int c = 0; c < Math.min(choices.size(), record.choices().size()); c++) {
          ItemRecord.Choice stored = record.choices().get(c);
          same(
              number,
              "choices[%d]".formatted(c),
              new Answer.ChoiceScore(
                  stored.sum(), stored.tokens(), stored.wholeSum(), stored.wholeTokens()),
              choices.get(c));
        }
      }
      case Answer.Written(List<Answer.Text> samples) -> {
        same(number, "samples", record.samples().size(), samples.size());
        for (int s = 0; s < Math.min(samples.size(), record.samples().size()); s++) {
          ItemRecord.Sample stored = record.samples().get(s);
          Answer.Text text = samples.get(s);
          String field = "samples[%d].".formatted(s);
          same(number, field + "text", stored.text().orElse(stored.answer()), text.text());
          same(number, field + "tokens", stored.tokens(), text.tokens());
          same(number, field + "margins", stored.margins(), text.margins());
        }
      }
      case Answer.Given(List<String> values) -> {
        if (!record.samples().isEmpty()) {
          same(
              number,
              "samples",
              record.samples().stream().map(ItemRecord.Sample::answer).toList(),
              values);
        }
      }
    }
  }

  private void same(int line, String field, Object found, Object expected) {
    if (!Objects.equals(found, expected)) {
      findings.add(
          new Difference(file, line, field, found.toString(), expected.toString(), "the journal"));
    }
  }
}
