package dev.quantgate.reports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page as a reader has it: opened from disk in a browser. */
class PageInBrowserTest {
  @TempDir Path folder;
  private Browser browser;

  @BeforeEach
  void aBrowserIsStarted() throws Exception {
    assumeTrue(
        Browser.installed().isPresent(), "no Chromium in /usr/bin; Debian's package is chromium");
    browser =
        new Browser(
            Browser.installed().orElseThrow(), Files.createDirectory(folder.resolve("profile")));
  }

  @AfterEach
  void theBrowserIsStopped() throws Exception {
    if (browser != null) {
      browser.close();
    }
  }

  private URI written(Path result) {
    Path out = result.resolve("report");
    new HtmlFormat().write(ReportSource.open(result), out);
    return out.resolve("index.html").toUri();
  }

  private String text(String expression) throws Exception {
    return browser.value(expression).asString("");
  }

  @Test
  void itIsSearchedOpenedAndSwitchedWithoutAnError() throws Exception {
    browser.open(URI.create(written(SampleResult.small(folder)) + "?lang=en&theme=light"));
    assertThat(text("document.querySelector('.verdict h1').textContent"))
        .startsWith("The candidate lost accuracy");
    assertThat(browser.value("document.querySelectorAll('.chart svg').length").asInt(0))
        .isGreaterThanOrEqualTo(4);

    assertThat(text("document.getElementById('distances').textContent"))
        .contains(
            "humaneval: where two texts part (medians): at token 3; the baseline preferred its own"
                + " by 0.500 nats, the candidate by 0.500.");

    browser.value(
        "(() => { const s = document.getElementById('search'); s.value = 'PHYSICS/7';"
            + " s.dispatchEvent(new Event('input')); })()");
    browser.until("document.getElementById('found').textContent === '1 of 390 items'");
    assertThat(
            browser
                .value("document.querySelectorAll('#list tbody tr:not(.detail)').length")
                .asInt(0))
        .isOne();

    browser.value("document.querySelector('button.open').click()");
    assertThat(text("document.querySelector('button.open').getAttribute('aria-expanded')"))
        .isEqualTo("true");
    assertThat(text("document.querySelectorAll('.detail mark')[1].textContent")).isEqualTo("B");
    assertThat(text("document.querySelector('.detail').textContent"))
        .contains("题目 7", "--items physics/7");

    browser.value("document.querySelector('[data-sort=marginB]').click()");
    assertThat(text("document.querySelector('[data-sort=marginB]').closest('th').ariaSort"))
        .isEqualTo("ascending");

    browser.value("document.getElementById('language').click()");
    assertThat(text("document.documentElement.lang")).isEqualTo("zh-CN");
    assertThat(text("document.querySelector('#changes h2').textContent")).isEqualTo("哪些题变了");

    String paper = "getComputedStyle(document.body).backgroundColor";
    String light = text(paper);
    browser.value("document.getElementById('theme').click()");
    assertThat(text("document.documentElement.dataset.theme")).isEqualTo("dark");
    assertThat(text(paper)).isNotEqualTo(light);

    assertThat(browser.complaints()).isEmpty();
    assertThat(browser.requests()).allMatch(url -> url.startsWith("file:"));
  }

  @Test
  void itFitsAPhoneAndItsControlsAreReachedByTheKeyboard() throws Exception {
    browser.resize(390, 800);
    browser.open(URI.create(written(SampleResult.small(folder)) + "?lang=zh"));
    assertThat(browser.value("document.documentElement.scrollWidth").asInt(0))
        .isLessThanOrEqualTo(390);
    assertThat(
            browser
                .value(
                    "[...document.querySelectorAll('button,input,select,summary')]"
                        + ".every(e => e.tabIndex === 0 && (e.textContent || e.labels.length))")
                .asBoolean(false))
        .isTrue();
    assertThat(
            browser
                .value(
                    "[...document.querySelectorAll('svg')].every(e => e.getAttribute('aria-label'))")
                .asBoolean(false))
        .isTrue();
  }

  @Test
  void hostileTextIsShownAndNothingOfItRuns() throws Exception {
    browser.open(URI.create(written(Hostile.result(folder)) + "?lang=en"));
    browser.value("document.querySelectorAll('button.open').forEach(b => b.click())");
    assertThat(browser.value("typeof window.hacked").asString("")).isEqualTo("undefined");
    assertThat(browser.value("document.querySelectorAll('img, iframe').length").asInt(-1)).isZero();
    assertThat(text("document.querySelector('.detail pre').textContent"))
        .contains("<img src=x onerror=window.hacked=1>", "\\x1b[2J", "\\u202egnp.exe");
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  void thousandsOfItemsAreFilteredAndOnlyAPageOfThemIsDrawn() throws Exception {
    Path result = SampleResult.compare(folder, run -> many(run, false), run -> many(run, true));
    browser.open(URI.create(written(result) + "?lang=en"));
    browser.value(
        "(() => { const k = document.getElementById('kind'); k.value = '';"
            + " k.dispatchEvent(new Event('change')); })()");
    browser.until("document.getElementById('found').textContent === '5,000 of 5,000 items'");
    assertThat(browser.value("document.querySelectorAll('#list tbody tr').length").asInt(0))
        .isLessThan(100);
    assertThat(browser.complaints()).isEmpty();
  }

  private static void many(SampleRun run, boolean candidate) {
    for (int i = 0; i < 5_000; i++) {
      double first = candidate && i % 100 == 0 ? -5 : -0.1;
      run.question("ceval", "subject" + i % 50, "q" + i, "A", first, -1, -2, -3);
    }
  }
}
