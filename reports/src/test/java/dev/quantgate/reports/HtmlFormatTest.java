package dev.quantgate.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.base.Sha256;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.GatePolicy.OnInconclusive;
import dev.quantgate.evaluation.gate.Margin;
import dev.quantgate.evaluation.gate.MarginKind;
import dev.quantgate.evaluation.record.Side;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class HtmlFormatTest {
  @TempDir Path folder;

  private static String page(Path result) {
    return new String(HtmlFormat.page(ReportSource.open(result)), StandardCharsets.UTF_8);
  }

  private static JsonNode data(String page) {
    return JsonMapper.builder()
        .build()
        .readTree(between(page, "id=\"data\">", "</script>").getFirst());
  }

  private static List<String> between(String text, String begin, String end) {
    Matcher found =
        Pattern.compile(Pattern.quote(begin) + "(.*?)" + Pattern.quote(end), Pattern.DOTALL)
            .matcher(text);
    List<String> all = new ArrayList<>();
    while (found.find()) {
      all.add(found.group(1));
    }
    return all;
  }

  @Test
  void thePolicyAllowsThePagesOwnScriptsAndStyleAndNothingElse() throws NoSuchAlgorithmException {
    String page = page(SampleResult.small(folder));
    String policy = between(page, "Content-Security-Policy\" content=\"", "\"").getFirst();
    assertThat(policy).startsWith("default-src 'none'").doesNotContain("unsafe", "http");
    List<String> scripts = between(page, "<script>", "</script>");
    assertThat(scripts).hasSize(5);
    for (String script : scripts) {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(script.getBytes(StandardCharsets.UTF_8));
      assertThat(policy).contains("'sha256-" + Base64.getEncoder().encodeToString(digest) + "'");
    }
    assertThat(page.replaceAll("(?s)<script>.*?</script>", ""))
        .doesNotContain("http:", "https:", "src=", "href=", "@import", "url(");
  }

  @Test
  void theChartsLibrariesAreThePublishedFiles() {
    assertThat(Sha256.hex(HtmlFormat.resource("d3-7.9.0.min.js")))
        .isEqualTo("f2094bbf6141b359722c4fe454eb6c4b0f0e42cc10cc7af921fc158fceb86539");
    assertThat(Sha256.hex(HtmlFormat.resource("plot-0.6.17.umd.min.js")))
        .isEqualTo("4358086467740777dd788d6b27a95cebdbaefdd50c730a3060117073bd7134cb");
  }

  @Test
  void aLossHasPromptBothTextsAndThePlaceWhereTheyPart() {
    JsonNode data = data(page(SampleResult.small(folder)));
    JsonNode row = data.path("items").path("humaneval").path(3);
    assertThat(row.path(0).stringValue()).isEqualTo("HumanEval/3");
    assertThat(row.path(1).intValue()).isZero();
    JsonNode detail = data.path("details").path(row.path(10).intValue() - 1);
    assertThat(detail.at("/prompt/shown").stringValue()).contains("Problem 3.");
    assertThat(detail.at("/baseline/text/shown").stringValue()).isEqualTo("    return 1\n");
    assertThat(detail.at("/candidate/text/shown").stringValue()).isEqualTo("    return 2\n");
    assertThat(detail.at("/candidate/parts").intValue()).isEqualTo("    return ".length());
    assertThat(detail.at("/candidate/outcome").stringValue()).isEqualTo("FAILED");
    assertThat(detail.at("/candidate/failedAt").stringValue()).isEqualTo("assert f() == 1");
    assertThat(detail.at("/candidate/printed/shown").stringValue()).isEqualTo("AssertionError");
    assertThat(detail.path("baseline").has("failedAt")).isFalse();
    assertThat(detail.at("/divergence").intValue()).isEqualTo(2);
    assertThat(detail.at("/baseline/tokenMargin").doubleValue()).isEqualTo(0.5);
    assertThat(detail.at("/candidate/tokenMargin").doubleValue()).isEqualTo(0.5);
  }

  @Test
  void whatWasMeasuredOfAModelByItselfIsInThePage() {
    Path result = SampleResult.small(folder);
    SampleRun.bench(Side.CANDIDATE).write(result.resolve("bench-int4.json"));
    JsonNode bench = data(page(result)).path("bench");
    assertThat(bench.has("baseline")).isFalse();
    assertThat(bench.at("/candidate/passages/1/promptTokens").intValue()).isEqualTo(1024);
    assertThat(bench.at("/candidate/passages/1/newTokensPerSecond").doubleValue()).isEqualTo(31);
    assertThat(bench.at("/candidate/identity/engine").stringValue()).isEqualTo("cpu/1 512-bit");
  }

  @Test
  void theMarginIsToldInBothLanguagesAndEachSuiteHasItsOwn() {
    var own = new Margin(0.5, MarginKind.ABSOLUTE, Optional.of("<b>few</b>"));
    Path result =
        SampleResult.compare(
            folder,
            new GatePolicy(Margin.ofPoints(1), Map.of("humaneval", own), OnInconclusive.POINT),
            SampleResult::baseline,
            SampleResult::candidate);
    JsonNode data = data(page(result));
    assertThat(data.at("/margin/en").stringValue())
        .isEqualTo("1 point; humaneval: 0.5 points (<b>few</b>)");
    assertThat(data.at("/margin/zh").stringValue())
        .isEqualTo("1 个百分点；humaneval：0.5 个百分点（<b>few</b>）");
    assertThat(data.at("/comparison/suites/0/evidence/marginPoints").doubleValue()).isEqualTo(1);
    assertThat(data.at("/comparison/suites/1/evidence/marginPoints").doubleValue()).isEqualTo(0.5);
  }

  @Test
  void whatBothAnswerAlikeIsARowWithoutTexts() {
    JsonNode data = data(page(SampleResult.small(folder)));
    assertThat(data.path("items").path("ceval")).hasSize(240);
    assertThat(data.path("items").path("ceval").path(0).path(10).intValue()).isZero();
    assertThat(data.path("details")).hasSize(5);
  }

  @Test
  void hostileTextEndsNoScriptAndIsMadeVisible() {
    String page = page(Hostile.result(folder));
    String json = between(page, "id=\"data\">", "</script>").getFirst();
    assertThat(json).doesNotContain("<", ">", "&", "\u2028", "\u2029", "\u001b", "\u202e");
    assertThat(between(page, "<script>", "</script>")).hasSize(5);
    JsonNode data = data(page);
    String shown =
        data.path("details")
            .path(data.path("items").path("humaneval").path(0).path(10).intValue() - 1)
            .at("/prompt/shown")
            .stringValue();
    assertThat(shown)
        .startsWith("</script><script>window.hacked=1</script><img src=x")
        .contains("\\x1b[2J", "\\u202egnp.exe\\u202c", "\\u2028", "\ud83d\ude00", "@{data}");
  }

  @Test
  void aTextOfAMegabyteIsCutAroundThePlaceWhereTheAnswersPart() {
    String page = page(Hostile.result(folder));
    assertThat(page.length()).isLessThan(2_000_000);
    JsonNode data = data(page);
    JsonNode detail =
        data.path("details")
            .path(data.path("items").path("humaneval").path(2).path(10).intValue() - 1);
    JsonNode text = detail.at("/candidate/text");
    assertThat(text.path("length").intValue()).isEqualTo(Hostile.LONG.length() + 1);
    assertThat(text.path("shown").stringValue()).endsWith("xb");
    int parts = detail.at("/candidate/parts").intValue();
    assertThat(text.path("shown").stringValue().charAt(parts)).isEqualTo('b');
  }

  @Test
  void beyondItsBoundThePageKeepsTheRowsAndSaysHowManyTextsAreLeftOut() {
    ReportSource source = ReportSource.open(SampleResult.small(folder));
    JsonNode data = data(HtmlFormat.page(source, 150));
    assertThat(data.path("withoutTexts").intValue()).isPositive();
    assertThat(data.path("items").path("ceval")).hasSize(240);
    assertThat(data.path("details").size()).isPositive().isLessThan(5);
  }

  @Test
  void theFileIsWrittenWhereItIsAskedFor() throws IOException {
    Path result = SampleResult.small(folder);
    new HtmlFormat().write(ReportSource.open(result), result.resolve("report"));
    assertThat(Files.readString(result.resolve("report").resolve("index.html")))
        .startsWith("<!doctype html>")
        .contains("HumanEval/3");
  }
}
