package dev.quantgate.reports.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.reports.ReportSource;
import dev.quantgate.reports.SampleResult;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import javax.xml.XMLConstants;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.SchemaFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

public class JUnitXmlTest {
  @TempDir Path folder;

  /** Refuses what is not of the form that Jenkins' and Ant's descriptions both allow. */
  public static void validate(byte[] xml) throws Exception {
    SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI)
        .newSchema(Objects.requireNonNull(JUnitXmlTest.class.getResource("junit.xsd")))
        .newValidator()
        .validate(new StreamSource(new ByteArrayInputStream(xml)));
  }

  private String render(Path comparison) throws Exception {
    new JUnitXmlFormat().write(ReportSource.open(comparison), folder);
    byte[] xml = Files.readAllBytes(folder.resolve("junit.xml"));
    validate(xml);
    return new String(xml, StandardCharsets.UTF_8);
  }

  @Test
  void gatesLossesAndFaultsAreTestCases() throws Exception {
    assertThat(render(SampleResult.small(folder.resolve("run"))))
        .contains(
            "<testsuite name=\"ceval\" package=\"quantgate\" id=\"0\" timestamp=\"2026-01-02T03:05:05\" hostname=\"localhost\" tests=\"3\" failures=\"0\" errors=\"0\" skipped=\"2\" time=\"0\">")
        .contains(
            "<testsuite name=\"humaneval\" package=\"quantgate\" id=\"1\" timestamp=\"2026-01-02T03:05:05\" hostname=\"localhost\" tests=\"3\" failures=\"2\" errors=\"1\" skipped=\"0\" time=\"0\">")
        .contains("<property name=\"delta\" value=\"-0.42\"")
        .contains("<testcase classname=\"quantgate.ceval\" name=\"gate\" time=\"0\"></testcase>")
        .contains(
            "<testcase classname=\"quantgate.ceval\" name=\"physics/7\" time=\"0\">\n      <skipped message=\"loss: lost, within what the gate allows: A -&gt; B, right is A\">")
        .contains("<error type=\"infrastructure\" message=\"SANDBOX_ERROR: the engine died\">")
        .contains("<testcase classname=\"quantgate\" name=\"gate\" time=\"0\">");
  }

  @Test
  void aLossIsAFailureWhereItsGateFails() throws Exception {
    Path comparison =
        SampleResult.compare(
            folder.resolve("lost"), run -> questions(run, 0), run -> questions(run, 12));
    assertThat(render(comparison))
        .contains("tests=\"13\" failures=\"13\" errors=\"0\" skipped=\"0\" time=\"0\">")
        .contains(
            "<failure type=\"loss\" message=\"A -&gt; B, right is A\">A -&gt; B, right is A</failure>")
        .contains("<failure type=\"accuracy\" message=\"");
  }

  @Test
  void aLossIsNotCalledAllowedWhereTheGateDecidedNothing() throws Exception {
    Path comparison =
        SampleResult.compare(
            folder.resolve("open"),
            new GatePolicy(1.0, GatePolicy.OnInconclusive.REPORT),
            run -> questions(run, 0),
            run -> questions(run, 1));
    assertThat(render(comparison))
        .contains("message=\"loss: lost, and the gate is INCONCLUSIVE: A -&gt; B, right is A\"")
        .doesNotContain("allows");
  }

  private static void questions(dev.quantgate.reports.SampleRun run, int wrong) {
    for (int i = 0; i < 60; i++) {
      double second = i < wrong ? -0.1 : -3;
      run.question("ceval", "law", "question %d".formatted(i), "A", -1, second, -4, -5);
    }
  }
}
