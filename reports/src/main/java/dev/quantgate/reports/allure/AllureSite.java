package dev.quantgate.reports.allure;

import dev.quantgate.base.AtomicFile;
import dev.quantgate.base.FileException;
import dev.quantgate.base.RegularFile;
import dev.quantgate.reports.ReportSource;
import io.qameta.allure.Extension;
import io.qameta.allure.ReportGenerator;
import io.qameta.allure.allure2.Allure2Plugin;
import io.qameta.allure.category.CategoriesPlugin;
import io.qameta.allure.category.CategoriesTrendPlugin;
import io.qameta.allure.context.FreemarkerContext;
import io.qameta.allure.context.JacksonContext;
import io.qameta.allure.context.RandomUidContext;
import io.qameta.allure.core.AttachmentsPlugin;
import io.qameta.allure.core.Configuration;
import io.qameta.allure.core.Plugin;
import io.qameta.allure.core.TestsResultsPlugin;
import io.qameta.allure.environment.Allure1EnvironmentPlugin;
import io.qameta.allure.executor.ExecutorPlugin;
import io.qameta.allure.history.HistoryPlugin;
import io.qameta.allure.history.HistoryTrendPlugin;
import io.qameta.allure.launch.LaunchPlugin;
import io.qameta.allure.retry.RetryPlugin;
import io.qameta.allure.severity.SeverityPlugin;
import io.qameta.allure.status.StatusChartPlugin;
import io.qameta.allure.suites.SuitesPlugin;
import io.qameta.allure.summary.SummaryPlugin;
import io.qameta.allure.tags.TagsPlugin;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Allure 2's report, made in this process without Node and without a network: {@code allure/} as a
 * site for a web server, {@code allure.html} as one file that opens from disk. The tag that reports
 * its views to Allure's makers is taken out.
 */
public final class AllureSite {
  private static final String SITE = "allure";
  private static final String PAGE = "allure.html";
  private static final String VERSION = "2.34.0";
  private static final long MOST_PAGE_BYTES = 1L << 30;

  /** The script that is fetched from elsewhere, and the one that hands it the views. */
  private static final Pattern ANALYTICS =
      Pattern.compile(
          "<script async src=\"https://www\\.googletagmanager\\.com[^>]*></script>"
              + "|<script>\\s*window\\.dataLayer.*?</script>",
          Pattern.DOTALL);

  private AllureSite() {}

  /**
   * Makes the report of results that {@link AllureFormat} wrote.
   *
   * @param out the folder in which they lie, and where the report goes
   * @param history what was kept of earlier releases; this one is added to it
   * @return the page that opens from disk
   */
  public static Path generate(ReportSource source, Path out, Optional<AllureHistory> history) {
    Path results = out.resolve(AllureFormat.FOLDER);
    Path comparison = source.folder().path().resolve("comparison.json");
    history.ifPresent(kept -> kept.give(comparison, results));
    Path site = out.resolve(SITE);
    Path single = out.resolve(".allure-single.part");
    remove(site);
    remove(single);
    var trend = new AccuracyTrend(source.comparison(), results);
    var generator = new ReportGenerator(configuration(source, trend));
    generator.generate(site, List.of(results));
    generator.generateSingleFile(single, List.of(results));
    withoutAnalytics(site.resolve("index.html"), site.resolve("index.html"));
    withoutAnalytics(single.resolve("index.html"), out.resolve(PAGE));
    remove(single);
    history.ifPresent(kept -> kept.keep(comparison, site));
    return out.resolve(PAGE);
  }

  private static Configuration configuration(ReportSource source, AccuracyTrend trend) {
    List<Extension> extensions =
        List.of(
            new JacksonContext(),
            new FreemarkerContext(),
            new RandomUidContext(),
            new Allure2Plugin(),
            new Allure1EnvironmentPlugin(),
            new ExecutorPlugin(),
            new HistoryPlugin(),
            new HistoryTrendPlugin(),
            new CategoriesPlugin(),
            new CategoriesTrendPlugin(),
            new SeverityPlugin(),
            new StatusChartPlugin(),
            new SuitesPlugin(),
            new SummaryPlugin(),
            new TagsPlugin(),
            new RetryPlugin(),
            new TestsResultsPlugin(),
            new AttachmentsPlugin(),
            new LaunchPlugin(),
            trend);
    return new Configuration() {
      @Override
      public String getUuid() {
        return new Naming(source)
            .result(Optional.empty(), "", "report", Naming.Severity.TRIVIAL)
            .getUuid();
      }

      @Override
      public String getVersion() {
        return VERSION;
      }

      @Override
      public String getReportLanguage() {
        return "en";
      }

      @Override
      public String getReportName() {
        return "Accuracy of the candidate";
      }

      @Override
      public List<Plugin> getPlugins() {
        return List.of(trend);
      }

      @Override
      public List<Extension> getExtensions() {
        return extensions;
      }
    };
  }

  private static void withoutAnalytics(Path from, Path to) {
    String page = new String(RegularFile.read(from, MOST_PAGE_BYTES), StandardCharsets.UTF_8);
    AtomicFile.write(to, ANALYTICS.matcher(page).replaceAll("").getBytes(StandardCharsets.UTF_8));
  }

  private static void remove(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw FileException.cannot("removed", folder, e);
    }
  }
}
