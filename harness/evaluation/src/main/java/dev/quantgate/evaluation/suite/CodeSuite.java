package dev.quantgate.evaluation.suite;

import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.protocol.Metric;
import dev.quantgate.evaluation.protocol.Protocol;
import dev.quantgate.evaluation.protocol.Suite;
import dev.quantgate.evaluation.protocol.SuiteItems;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * A suite of programming problems in HumanEval's form.
 *
 * @param data reads its problems
 */
public record CodeSuite(String name, String description, Function<DataOptions, SuiteData.Code> data)
    implements Suite<ProblemItem> {

  @Override
  public Metric metric() {
    return Metric.PROGRAM;
  }

  @Override
  public List<Variant> protocols() {
    return Arrays.stream(HumanEvalProtocol.Form.values())
        .map(form -> new Variant(form.id(), form.description()))
        .toList();
  }

  @Override
  public Protocol<ProblemItem> protocol(String variant, Layout layout) {
    return Arrays.stream(HumanEvalProtocol.Form.values())
        .filter(form -> form.id().equals(variant))
        .findFirst()
        .map(form -> new HumanEvalProtocol(form, layout))
        .orElseThrow(() -> Suites.unknown(this, variant));
  }

  @Override
  public SuiteItems<ProblemItem> load(DataOptions options) {
    SuiteData.Code code = data.apply(options);
    return new SuiteItems<>(code.origin(), ProblemItem.of(code), List.of());
  }
}
