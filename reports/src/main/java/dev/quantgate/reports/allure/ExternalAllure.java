package dev.quantgate.reports.allure;

import dev.quantgate.base.AtomicFile;
import dev.quantgate.base.FileException;
import dev.quantgate.base.FolderTree;
import dev.quantgate.base.PlainText;
import dev.quantgate.reports.ReportSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.json.JsonMapper;

/**
 * An Allure 3 that is installed on this machine (npm's {@code allure}), used where it is asked for:
 * {@code allure3/}. It keeps its own history.
 */
public final class ExternalAllure {
  private static final String SITE = "allure3";
  private static final long MOST_MINUTES = 10;

  private final String program;

  /**
   * @param program a command, or the path of one
   */
  public ExternalAllure(String program) {
    this.program = program;
  }

  /**
   * Makes the report of results that {@link AllureFormat} wrote.
   *
   * @param out the folder in which they lie, and where the report goes
   * @param history what was kept of earlier releases; this one is added to it
   * @throws FileException if the program cannot be started, takes too long, or fails
   */
  public Path generate(ReportSource source, Path out, Optional<AllureHistory> history) {
    Path comparison = source.folder().path().resolve("comparison.json");
    Path page = run(out, history.map(kept -> kept.giveLines(comparison)));
    history.ifPresent(kept -> kept.keepLines(comparison));
    Analytics.remove(page, page);
    return page;
  }

  private Path run(Path out, Optional<Path> history) {
    Path site = out.resolve(SITE).toAbsolutePath();
    Path configuration = out.resolve("allurerc.json").toAbsolutePath();
    Path log = out.resolve("allure3.log").toAbsolutePath();
    FolderTree.requireNoLink(out, log);
    FolderTree.requireNoLinkIn(site);
    AtomicFile.write(configuration, configuration(site, history));
    try {
      var builder =
          new ProcessBuilder(
                  program,
                  "generate",
                  "--config",
                  configuration.toString(),
                  "--output",
                  site.toString(),
                  out.resolve(AllureFormat.FOLDER).toAbsolutePath().toString())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile());
      builder.environment().put("ALLURE_NO_ANALYTICS", "true");
      Process process = builder.start();
      process.getOutputStream().close();
      if (!process.waitFor(MOST_MINUTES, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw FileException.cannot(
            "run",
            Path.of(program),
            new IOException("no end after %d minutes".formatted(MOST_MINUTES)));
      }
      if (process.exitValue() != 0 || !Files.exists(site.resolve("index.html"))) {
        throw FileException.cannot(
            "run",
            Path.of(program),
            new IOException(
                "exit code %d, its output is in %s: %s"
                    .formatted(process.exitValue(), log, lastLine(log))));
      }
      return site.resolve("index.html");
    } catch (IOException e) {
      throw FileException.cannot("run", Path.of(program), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw FileException.cannot("run", Path.of(program), new IOException("interrupted", e));
    }
  }

  private static byte[] configuration(Path site, Optional<Path> history) {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("name", "Accuracy of the candidate");
    settings.put("output", site.toString());
    settings.put("categories", Categories.ALL);
    history.ifPresent(file -> settings.put("historyPath", file.toAbsolutePath().toString()));
    return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsBytes(settings);
  }

  private static String lastLine(Path log) throws IOException {
    List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
    return lines.isEmpty() ? "" : PlainText.line(lines.getLast(), 200);
  }
}
