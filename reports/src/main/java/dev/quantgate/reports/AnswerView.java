package dev.quantgate.reports;

import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.pairs.Pair.Answered;
import dev.quantgate.evaluation.record.ExecutionLine;
import dev.quantgate.evaluation.record.ItemRecord;
import dev.quantgate.evaluation.record.ItemRecord.Execution;
import dev.quantgate.evaluation.record.ItemRecord.Sample;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One model's answer to an item.
 *
 * @param answered what the pair knows: grade, margins, choices
 * @param record the whole record; empty where the run is no longer there
 * @param executed what the run's journal keeps of each sample's execution; none for choices, and
 *     where the journal is no longer there
 */
public record AnswerView(
    Answered answered, Optional<ItemRecord> record, Map<Integer, ExecutionLine> executed) {
  public AnswerView {
    executed = Map.copyOf(executed);
  }

  /** Characters of a line of a test that are shown. */
  private static final int MOST_ASSERTION = 400;

  /** Whether it is wholly right; empty where it has no grade. */
  public Optional<Boolean> right() {
    return answered.fault().isPresent()
        ? Optional.empty()
        : Optional.of(answered.right() == answered.answers());
  }

  /**
   * What was graded, whole where the record is there: one text for each sample, or the label of the
   * choice.
   */
  public List<String> texts() {
    return record
        .filter(each -> !each.samples().isEmpty())
        .map(each -> each.samples().stream().map(Sample::answer).toList())
        .orElse(List.of(record.map(ItemRecord::answer).orElse(answered.answer())));
  }

  /** A sample's text as it was graded; empty where there are fewer. */
  public String text(int sample) {
    List<String> texts = texts();
    return sample < texts.size() ? texts.get(sample) : "";
  }

  /** What the model wrote, where what was graded is only a part of it. */
  public Optional<String> written(int sample) {
    return record
        .filter(each -> sample < each.samples().size())
        .flatMap(each -> each.samples().get(sample).text());
  }

  /** What came of executing a sample; empty for choices and faults. */
  public Optional<Execution> execution(int sample) {
    return sample < answered.texts().size()
        ? answered.texts().get(sample).execution()
        : Optional.empty();
  }

  /**
   * The line of the test that a sample's program failed at, such as {@code assert f(2) == 4}; empty
   * where none did or none is known.
   */
  public Optional<String> failedAt(int sample) {
    return journal(sample)
        .flatMap(ExecutionLine::judged)
        .map(judged -> PlainText.line(judged.failedAssertion(), MOST_ASSERTION))
        .filter(line -> !line.isEmpty());
  }

  /** What a sample's program printed, as far as it was kept; empty where it printed nothing. */
  public Optional<String> printed(int sample) {
    return journal(sample).map(line -> line.usage().output()).filter(text -> !text.isEmpty());
  }

  /** The journal's word on a sample, where it is of the execution that was judged. */
  private Optional<ExecutionLine> journal(int sample) {
    return Optional.ofNullable(executed.get(sample))
        .filter(
            line -> execution(sample).filter(each -> each.outcome() == line.outcome()).isPresent());
  }
}
