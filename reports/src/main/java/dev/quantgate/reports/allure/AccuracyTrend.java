package dev.quantgate.reports.allure;

import dev.quantgate.base.FileException;
import dev.quantgate.base.RegularFile;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.reports.ReportSource;
import io.qameta.allure.Aggregator2;
import io.qameta.allure.Extension;
import io.qameta.allure.PluginConfiguration;
import io.qameta.allure.ReportStorage;
import io.qameta.allure.core.Configuration;
import io.qameta.allure.core.LaunchResults;
import io.qameta.allure.core.Plugin;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * Allure 2's trends count statuses alone; this adds scores, deltas and flips of each suite over the
 * last releases, the newest first, as a widget of the overview.
 */
final class AccuracyTrend implements Aggregator2, Plugin {
  private static final String NAME = "accuracy-trend";
  private static final String FILE = "%s.json".formatted(NAME);
  private static final String SCRIPT = "accuracy-trend.js";

  /** Releases that are kept, as many as Allure keeps of its own trends. */
  private static final int MOST_RELEASES = 20;

  private static final long MOST_BYTES = 16 << 20;

  private final Comparison comparison;
  private final long time;
  private final Path results;

  /** A release; when it was compared is in milliseconds since 1970. */
  record Release(long time, String verdict, List<Figures> suites) {
    Release {
      suites = List.copyOf(suites);
    }
  }

  /** A suite in a release; scores in percent, delta in points. */
  record Figures(
      String suite, double baseline, double candidate, double delta, int losses, int gains) {
    static Figures of(SuiteComparison suite) {
      return new Figures(
          suite.suite(),
          100 * suite.baseline().score(),
          100 * suite.candidate().score(),
          suite.deltaPoints(),
          suite.losses(),
          suite.gains());
    }
  }

  private record Widget(List<Release> items) {}

  AccuracyTrend(ReportSource source, Path results) {
    this.comparison = source.comparison();
    this.time = new Naming(source).time();
    this.results = results;
  }

  private List<Release> releases() {
    List<Release> releases = new ArrayList<>();
    releases.add(
        new Release(
            time,
            comparison.verdict().name(),
            comparison.suites().stream()
                .filter(suite -> suite.items() > 0)
                .map(Figures::of)
                .toList()));
    Path earlier = results.resolve("history").resolve(FILE);
    if (Files.exists(earlier)) {
      releases.addAll(
          List.of(
              JsonMapper.shared()
                  .readValue(RegularFile.read(earlier, MOST_BYTES), Release[].class)));
    }
    return releases.subList(0, Math.min(releases.size(), MOST_RELEASES));
  }

  @Override
  public void aggregate(
      Configuration configuration, List<LaunchResults> launches, ReportStorage storage) {
    List<Release> releases = releases();
    storage.addDataBinary("history/%s".formatted(FILE), json(releases));
    storage.addDataBinary("widgets/%s".formatted(FILE), json(new Widget(releases)));
  }

  private static byte[] json(Object value) {
    return JsonMapper.shared().writeValueAsBytes(value);
  }

  @Override
  public PluginConfiguration getConfig() {
    return new PluginConfiguration()
        .setId(NAME)
        .setName("Accuracy trend")
        .setJsFiles(List.of(SCRIPT));
  }

  @Override
  public Map<String, Path> getPluginFiles() {
    try (InputStream in = AccuracyTrend.class.getResourceAsStream(SCRIPT)) {
      if (in == null) {
        throw new IllegalStateException("the resource %s is missing".formatted(SCRIPT));
      }
      Path file = Files.createTempFile(NAME, ".js");
      file.toFile().deleteOnExit();
      Files.write(file, in.readAllBytes());
      return Map.of(SCRIPT, file);
    } catch (IOException e) {
      throw FileException.cannot("written", Path.of(SCRIPT), e);
    }
  }

  @Override
  @SuppressWarnings("deprecation") // the interface still asks for it
  public void unpackReportStatic(Path folder) {
    // its one file is given by getPluginFiles
  }

  @Override
  public List<Extension> getExtensions() {
    return List.of();
  }
}
