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
 * A suite of labelled sentence pairs in CMNLI's form.
 *
 * @param data reads its pairs
 */
public record PairSuite(
    String name, String description, Function<DataOptions, SuiteData.Pairs> data)
    implements Suite<PairItem> {

  @Override
  public Metric metric() {
    return Metric.CHOICE;
  }

  @Override
  public List<Variant> protocols() {
    return Arrays.stream(CmnliProtocol.values())
        .map(protocol -> new Variant(protocol.variant(), protocol.description()))
        .toList();
  }

  @Override
  public Protocol<PairItem> protocol(String variant, Layout layout) {
    return Arrays.stream(CmnliProtocol.values())
        .filter(protocol -> protocol.variant().equals(variant))
        .findFirst()
        .orElseThrow(() -> Suites.unknown(this, variant));
  }

  @Override
  public SuiteItems<PairItem> load(DataOptions options) {
    SuiteData.Pairs pairs = data.apply(options);
    return new SuiteItems<>(pairs.origin(), PairItem.of(pairs), List.of());
  }
}
