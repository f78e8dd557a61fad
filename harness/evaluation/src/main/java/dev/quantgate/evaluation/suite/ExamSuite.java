package dev.quantgate.evaluation.suite;

import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.protocol.Metric;
import dev.quantgate.evaluation.protocol.Protocol;
import dev.quantgate.evaluation.protocol.Suite;
import dev.quantgate.evaluation.protocol.SuiteItems;
import java.util.List;
import java.util.function.Function;

/**
 * A suite of four-choice questions in C-Eval's form.
 *
 * @param data reads its questions
 */
public record ExamSuite(String name, String description, Function<DataOptions, SuiteData.Exam> data)
    implements Suite<ExamItem> {

  @Override
  public Metric metric() {
    return Metric.CHOICE;
  }

  @Override
  public List<Variant> protocols() {
    return CEvalProtocol.ALL.stream()
        .map(protocol -> new Variant(protocol.variant(), protocol.description()))
        .toList();
  }

  @Override
  public Protocol<ExamItem> protocol(String variant, Layout layout) {
    return CEvalProtocol.ALL.stream()
        .filter(protocol -> protocol.variant().equals(variant))
        .findFirst()
        .orElseThrow(() -> Suites.unknown(this, variant));
  }

  @Override
  public SuiteItems<ExamItem> load(DataOptions options) {
    SuiteData.Exam exam = data.apply(options);
    return new SuiteItems<>(exam.origin(), ExamItem.of(exam), exam.subjects());
  }
}
