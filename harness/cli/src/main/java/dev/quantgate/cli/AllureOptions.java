package dev.quantgate.cli;

import dev.quantgate.reports.ReportSource;
import dev.quantgate.reports.allure.AllureFormat;
import dev.quantgate.reports.allure.AllureHistory;
import dev.quantgate.reports.allure.AllureSite;
import dev.quantgate.reports.allure.ExternalAllure;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is said about Allure beyond its results. */
final class AllureOptions {
  @Option(
      names = "--allure-all-items",
      description = "a result for every item, also for those that did not change")
  boolean allItems;

  @Option(names = "--allure-html", description = "make Allure's report, too: allure.html")
  boolean html;

  @Option(
      names = "--history",
      paramLabel = "DIR",
      description = "folder that keeps Allure's history from release to release; makes its report")
  @Nullable Path history;

  @Option(
      names = "--allure3",
      paramLabel = "PROGRAM",
      description = "make the report with this Allure 3 (npm's allure), too")
  @Nullable String allure3;

  /** Whether any of them was said. */
  boolean said() {
    return allItems || html || history != null || allure3 != null;
  }

  /** Writes the results and what else was asked for; gives the pages. */
  List<Path> write(ReportSource source, Path out) {
    new AllureFormat(allItems ? AllureFormat.Items.ALL : AllureFormat.Items.CHANGED)
        .write(source, out);
    List<Path> pages = new ArrayList<>();
    Optional<AllureHistory> kept = Optional.ofNullable(history).map(AllureHistory::new);
    if (html || history != null) {
      pages.add(AllureSite.generate(source, out, kept));
    }
    if (allure3 != null) {
      pages.add(new ExternalAllure(allure3).generate(source, out, kept));
    }
    return pages;
  }
}
