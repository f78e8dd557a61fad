package dev.quantgate.reports.allure;

import dev.quantgate.base.FileException;
import dev.quantgate.base.FolderTree;
import dev.quantgate.reports.ReportSource;
import io.qameta.allure.Extension;
import io.qameta.allure.Reader;
import io.qameta.allure.ReportGenerator;
import io.qameta.allure.allure1.Allure1Plugin;
import io.qameta.allure.allure2.Allure2Plugin;
import io.qameta.allure.category.CategoriesPlugin;
import io.qameta.allure.category.CategoriesTrendPlugin;
import io.qameta.allure.context.FreemarkerContext;
import io.qameta.allure.context.JacksonContext;
import io.qameta.allure.context.RandomUidContext;
import io.qameta.allure.core.AttachmentsPlugin;
import io.qameta.allure.core.Configuration;
import io.qameta.allure.core.InMemoryReportStorage;
import io.qameta.allure.core.Plugin;
import io.qameta.allure.core.ReportWebGenerator;
import io.qameta.allure.core.TestsResultsPlugin;
import io.qameta.allure.duration.DurationPlugin;
import io.qameta.allure.duration.DurationTrendPlugin;
import io.qameta.allure.environment.Allure1EnvironmentPlugin;
import io.qameta.allure.executor.ExecutorPlugin;
import io.qameta.allure.history.HistoryPlugin;
import io.qameta.allure.history.HistoryTrendPlugin;
import io.qameta.allure.launch.LaunchPlugin;
import io.qameta.allure.retry.RetryPlugin;
import io.qameta.allure.retry.RetryTrendPlugin;
import io.qameta.allure.severity.SeverityPlugin;
import io.qameta.allure.status.StatusChartPlugin;
import io.qameta.allure.suites.SuitesPlugin;
import io.qameta.allure.summary.SummaryPlugin;
import io.qameta.allure.tags.TagsPlugin;
import io.qameta.allure.timeline.TimelinePlugin;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Allure 2's report, made in this process without Node and without a network: {@code allure/} as a
 * site for a web server, {@code allure.html} as one file that opens from disk.
 */
public final class AllureSite {
  private static final String SITE = "allure";
  private static final String PAGE = "allure.html";
  private static final String VERSION = "2.34.0";

  /** The folders of the site whose files a single page holds. */
  private static final List<String> DATA = List.of("data", "widgets");

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
    var trend = new AccuracyTrend(source, results);
    Configuration configuration = configuration(source, trend);
    new ReportGenerator(configuration).generate(site, List.of(results));
    // Of the site's files, not of the results: these are read, sorted and counted once.
    new ReportWebGenerator().generate(configuration, storage(site), single);
    Analytics.remove(site.resolve("index.html"), site.resolve("index.html"));
    Analytics.remove(single.resolve("index.html"), out.resolve(PAGE));
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
            environment(new RunFacts(source, Map.of()).facts()),
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
            new RetryTrendPlugin(),
            new DurationPlugin(),
            new DurationTrendPlugin(),
            new TimelinePlugin(),
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

  /**
   * Gives the facts themselves: Allure's reader of properties comes with that of its first version.
   */
  private static Reader environment(Map<String, String> facts) {
    return (configuration, visitor, folder) ->
        visitor.visitExtra(Allure1Plugin.ENVIRONMENT_BLOCK_NAME, facts);
  }

  private static InMemoryReportStorage storage(Path site) {
    var storage = new InMemoryReportStorage();
    for (String folder : DATA) {
      try (Stream<Path> files = Files.walk(site.resolve(folder))) {
        files
            .filter(Files::isRegularFile)
            .sorted()
            .forEach(file ->
                storage.addDataFile(
                    site.relativize(file).toString().replace(File.separatorChar, '/'), file));
      } catch (IOException e) {
        throw FileException.cannot("read", site.resolve(folder), e);
      }
    }
    return storage;
  }

  private static void remove(Path folder) {
    try {
      FolderTree.delete(folder);
    } catch (IOException e) {
      throw FileException.cannot("removed", folder, e);
    }
  }
}
