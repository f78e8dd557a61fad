package dev.quantgate.reports.junit;

import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.Flip;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.comparison.SuiteComparison.Ungraded;
import dev.quantgate.evaluation.gate.Finding;
import dev.quantgate.evaluation.gate.Verdict;
import dev.quantgate.reports.ChangeLine;
import dev.quantgate.reports.Figures;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/**
 * JUnit's XML in a form that both public descriptions of it allow: the junit-10.xsd of Jenkins'
 * xUnit plug-in and the JUnit.xsd of Ant's reports. The second demands times, places and outputs,
 * which a comparison has not: they are 0, {@code localhost} and empty.
 */
final class JUnitXml {
  /** How a test case ended; a passed one has none. */
  private enum Kind {
    /** The gate says no, or a loss counts against it. */
    FAILURE("failure"),
    /** Nothing can be said: a fault of the machinery. */
    ERROR("error"),
    /** Told, and not counted: inconclusive, uninformative, or allowed. */
    SKIPPED("skipped");

    private final String element;

    Kind(String element) {
      this.element = element;
    }
  }

  private record Outcome(Kind kind, String type, String message) {}

  private record Case(String classname, String name, Optional<Outcome> outcome) {}

  private record Suite(String name, Map<String, String> properties, List<Case> cases) {
    private long count(Kind kind) {
      return cases.stream()
          .filter(each -> each.outcome().filter(outcome -> outcome.kind() == kind).isPresent())
          .count();
    }
  }

  private static final DateTimeFormatter WITHOUT_ZONE =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);

  private final XMLStreamWriter xml;
  private final String time;

  private JUnitXml(XMLStreamWriter xml, Instant time) {
    this.xml = xml;
    this.time = WITHOUT_ZONE.format(time);
  }

  /**
   * Writes a comparison.
   *
   * @param time when it was made
   */
  static byte[] of(Comparison comparison, Instant time) {
    var bytes = new ByteArrayOutputStream();
    try {
      XMLStreamWriter xml = XMLOutputFactory.newFactory().createXMLStreamWriter(bytes, "UTF-8");
      new JUnitXml(xml, time).write(suites(comparison));
      xml.close();
    } catch (XMLStreamException e) {
      throw new IllegalStateException("an XML document in memory cannot be written", e);
    }
    return bytes.toByteArray();
  }

  private static List<Suite> suites(Comparison comparison) {
    List<Suite> suites = new ArrayList<>();
    for (SuiteComparison suite : comparison.suites()) {
      suites.add(suite(comparison, suite));
    }
    suites.add(
        new Suite(
            "all suites",
            Map.of("program", comparison.program()),
            List.of(
                new Case("quantgate", "gate", gate(comparison.verdict(), comparison.reason())))));
    return suites;
  }

  private static Suite suite(Comparison comparison, SuiteComparison suite) {
    String classname = "quantgate.%s".formatted(suite.suite());
    List<Case> cases = new ArrayList<>();
    cases.add(
        new Case(
            classname,
            "gate",
            suite.finding() == Finding.UNINFORMATIVE
                ? Optional.of(new Outcome(Kind.SKIPPED, "uninformative", suite.reason()))
                : gate(suite.verdict(), suite.reason())));
    for (Flip flip : comparison.flipsOf(suite.suite())) {
      if (flip.kind() == Flip.Kind.LOSS) {
        cases.add(new Case(classname, flip.id(), Optional.of(loss(suite, flip))));
      }
    }
    for (Ungraded item : suite.ungraded()) {
      boolean counts = suite.verdict() == Verdict.INVALID || suite.verdict() == Verdict.FAIL;
      cases.add(
          new Case(
              classname,
              "%s (%s)".formatted(item.id(), item.side()),
              Optional.of(
                  new Outcome(
                      counts ? Kind.ERROR : Kind.SKIPPED,
                      "infrastructure",
                      "%s: %s".formatted(item.category(), item.message())))));
    }
    return new Suite(suite.suite(), properties(suite), cases);
  }

  private static Outcome loss(SuiteComparison suite, Flip flip) {
    String change = ChangeLine.change(flip);
    return switch (suite.verdict()) {
      case FAIL -> new Outcome(Kind.FAILURE, "loss", change);
      case PASS ->
          new Outcome(
              Kind.SKIPPED, "loss", "lost, within what the gate allows: %s".formatted(change));
      case INCONCLUSIVE, INVALID ->
          new Outcome(
              Kind.SKIPPED,
              "loss",
              "lost, and the gate is %s: %s".formatted(suite.verdict(), change));
    };
  }

  private static Optional<Outcome> gate(Verdict verdict, String reason) {
    return switch (verdict) {
      case PASS -> Optional.empty();
      case FAIL -> Optional.of(new Outcome(Kind.FAILURE, "accuracy", reason));
      case INCONCLUSIVE -> Optional.of(new Outcome(Kind.SKIPPED, "inconclusive", reason));
      case INVALID -> Optional.of(new Outcome(Kind.ERROR, "invalid", reason));
    };
  }

  private static Map<String, String> properties(SuiteComparison suite) {
    var properties = new LinkedHashMap<String, String>();
    properties.put("protocol", suite.protocol());
    properties.put("verdict", suite.verdict().name());
    properties.put("finding", suite.finding().name());
    properties.put("proven", suite.proven() ? "yes" : "no");
    properties.put("items", Figures.count(suite.items()));
    if (suite.items() > 0) {
      properties.put("baseline", Figures.percent(suite.baseline().score()));
      properties.put("candidate", Figures.percent(suite.candidate().score()));
      properties.put("delta", Figures.points(suite.deltaPoints()));
    }
    return properties;
  }

  private void write(List<Suite> suites) throws XMLStreamException {
    xml.writeStartDocument("UTF-8", "1.0");
    line(0);
    xml.writeStartElement("testsuites");
    for (int i = 0; i < suites.size(); i++) {
      write(suites.get(i), i);
    }
    line(0);
    xml.writeEndElement();
    line(0);
    xml.writeEndDocument();
  }

  private void write(Suite suite, int place) throws XMLStreamException {
    line(1);
    xml.writeStartElement("testsuite");
    attribute("name", suite.name());
    attribute("package", "quantgate");
    attribute("id", Integer.toString(place));
    attribute("timestamp", time);
    attribute("hostname", "localhost");
    attribute("tests", Integer.toString(suite.cases().size()));
    attribute("failures", Long.toString(suite.count(Kind.FAILURE)));
    attribute("errors", Long.toString(suite.count(Kind.ERROR)));
    attribute("skipped", Long.toString(suite.count(Kind.SKIPPED)));
    attribute("time", "0");
    line(2);
    xml.writeStartElement("properties");
    for (Map.Entry<String, String> property : suite.properties().entrySet()) {
      line(3);
      xml.writeEmptyElement("property");
      attribute("name", property.getKey());
      attribute("value", property.getValue());
    }
    line(2);
    xml.writeEndElement();
    for (Case each : suite.cases()) {
      write(each);
    }
    for (String output : List.of("system-out", "system-err")) {
      line(2);
      xml.writeEmptyElement(output);
    }
    line(1);
    xml.writeEndElement();
  }

  private void write(Case each) throws XMLStreamException {
    line(2);
    xml.writeStartElement("testcase");
    attribute("classname", each.classname());
    attribute("name", each.name());
    attribute("time", "0");
    if (each.outcome().isPresent()) {
      Outcome outcome = each.outcome().get();
      line(3);
      xml.writeStartElement(outcome.kind().element);
      if (outcome.kind() == Kind.SKIPPED) {
        attribute("message", "%s: %s".formatted(outcome.type(), outcome.message()));
      } else {
        attribute("type", outcome.type());
        attribute("message", outcome.message());
        xml.writeCharacters(PlainText.lines(outcome.message()));
      }
      xml.writeEndElement();
      line(2);
    }
    xml.writeEndElement();
  }

  /** An attribute's value, with what XML cannot hold, and what nobody can see, written out. */
  private void attribute(String name, String value) throws XMLStreamException {
    xml.writeAttribute(name, PlainText.line(value, 2_000));
  }

  private void line(int depth) throws XMLStreamException {
    xml.writeCharacters("\n%s".formatted("  ".repeat(depth)));
  }
}
