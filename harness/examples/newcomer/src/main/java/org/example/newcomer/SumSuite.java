package org.example.newcomer;

import dev.quantgate.base.Sha256;
import dev.quantgate.benchmarks.DataException;
import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.benchmarks.SuiteData.Origin;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.protocol.Metric;
import dev.quantgate.evaluation.protocol.Protocol;
import dev.quantgate.evaluation.protocol.Suite;
import dev.quantgate.evaluation.protocol.SuiteItems;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Additions, two numbers a line. */
record SumSuite() implements Suite<Sum> {
  static final String NAME = "sums";
  private static final String FILE = "sums.tsv";
  private static final Pattern ROW = Pattern.compile("(\\d{1,4})\t(\\d{1,4})");

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "written additions of two numbers";
  }

  @Override
  public Metric metric() {
    return Metric.EXACT_MATCH;
  }

  @Override
  public List<Variant> protocols() {
    return List.of(new Variant(SumProtocol.VARIANT, "the sum, up to its equals sign"));
  }

  @Override
  public Protocol<Sum> protocol(String variant, Layout layout) {
    if (!variant.equals(SumProtocol.VARIANT)) {
      throw new IllegalArgumentException(
          "unknown protocol \"%s\" for %s; known: %s"
              .formatted(variant, NAME, SumProtocol.VARIANT));
    }
    return new SumProtocol();
  }

  @Override
  public SuiteItems<Sum> load(DataOptions options) {
    try (InputStream in = SumSuite.class.getResourceAsStream(FILE)) {
      if (in == null) {
        throw new DataException("the resource %s is missing".formatted(FILE));
      }
      return items(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new DataException("the resource %s cannot be read".formatted(FILE), e);
    }
  }

  static SuiteItems<Sum> items(String text) {
    List<Sum> sums = new ArrayList<>();
    for (String row : text.lines().toList()) {
      Matcher numbers = ROW.matcher(row);
      if (!numbers.matches()) {
        throw new DataException(
            "%s, line %d: expected two numbers of at most 4 digits with a tab between, found \"%s\""
                .formatted(FILE, sums.size() + 1, row));
      }
      sums.add(
          new Sum(
              sums.size() + 1,
              Integer.parseInt(numbers.group(1)),
              Integer.parseInt(numbers.group(2))));
    }
    return new SuiteItems<>(new Origin(NAME, FILE, Sha256.hex(text), true), sums, List.of());
  }
}
