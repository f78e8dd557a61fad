package dev.quantgate.reports.allure;

import dev.quantgate.base.AtomicFile;
import dev.quantgate.base.FileException;
import dev.quantgate.base.FolderTree;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.reports.ItemView;
import dev.quantgate.reports.ReportFormat;
import dev.quantgate.reports.ReportSource;
import io.qameta.allure.model.TestResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * {@code allure-results/}, which Allure 2 and 3 read: a result for each item that changed or has no
 * grade, for each suite's gate and for the gate over all, with categories, environment, executor
 * and metrics.
 */
public final class AllureFormat implements ReportFormat {
  /** The folder that it writes. */
  public static final String FOLDER = "allure-results";

  /**
   * The names that {@link Naming} and {@link ResultFolder} give. Other tools write theirs into the
   * same folder and name them by random UUIDs (version 4); these here are made of what is in them.
   */
  private static final Pattern OURS =
      Pattern.compile(
          "\\p{XDigit}{8}-\\p{XDigit}{4}-3\\p{XDigit}{3}-\\p{XDigit}{4}-\\p{XDigit}{12}-result\\.json"
              + "|\\p{XDigit}{32}-attachment\\.(txt|csv)");

  private final Items items;
  private final Map<String, String> environment;

  /** Which items have a result of their own. */
  public enum Items {
    /** Losses, gains and items without a grade; one result sums up the others of a suite. */
    CHANGED,
    /** All of them. */
    ALL
  }

  /** The items that changed. */
  public AllureFormat() {
    this(Items.CHANGED);
  }

  public AllureFormat(Items items) {
    this(items, System.getenv());
  }

  AllureFormat(Items items, Map<String, String> environment) {
    this.items = items;
    this.environment = Map.copyOf(environment);
  }

  @Override
  public String id() {
    return "allure";
  }

  @Override
  public void write(ReportSource source, Path out) {
    Path folder = out.resolve(FOLDER);
    FolderTree.requireNoLink(out, folder);
    clear(folder);
    FolderTree.requireNoLinkIn(folder);
    var results = new ResultFolder(folder);
    var labels = new Naming(source);
    var gates = new GateResults(source, labels, results);
    var written = new ItemResults(labels, results);
    for (SuiteComparison suite : source.comparison().suites()) {
      List<ItemView> others = new ArrayList<>();
      for (ItemView item : source.items(suite)) {
        if (items == Items.ALL || isChanged(item.pair())) {
          results.write(written.of(suite, item));
        } else {
          others.add(item);
        }
      }
      TestResult gate = gates.of(suite);
      results.write(gate);
      if (!others.isEmpty()) {
        results.write(gates.unchanged(suite, others));
      }
      if (suite.asked() < suite.available()) {
        results.write(gates.notAsked(suite));
      }
    }
    results.write(gates.whole());
    var facts = new RunFacts(source, environment);
    file(folder, "categories.json", Categories.json());
    file(folder, "environment.properties", facts.environment());
    facts.executor().ifPresent(executor -> file(folder, "executor.json", executor));
    file(folder, "performance.json", new Metrics(source, labels.time()).json());
  }

  private static boolean isChanged(Pair pair) {
    return pair.kind().flip() || pair.kind() == Pair.Kind.UNGRADED;
  }

  private static void file(Path folder, String name, String text) {
    AtomicFile.write(folder.resolve(name), text.getBytes(StandardCharsets.UTF_8));
  }

  /** Takes away the results of an earlier rendering, which Allure would take for retries. */
  private static void clear(Path folder) {
    try {
      Files.createDirectories(folder);
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.filter(AllureFormat::isOurs).toList()) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      throw FileException.cannot("cleared", folder, e);
    }
  }

  private static boolean isOurs(Path file) {
    return OURS.matcher(String.valueOf(file.getFileName())).matches();
  }
}
