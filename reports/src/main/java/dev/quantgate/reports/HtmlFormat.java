package dev.quantgate.reports;

import dev.quantgate.base.AtomicFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One page with everything in it: {@code index.html}. It opens from disk, asks no network for
 * anything, and its policy lets no other script or style run than its own, which it names by their
 * hashes.
 */
public final class HtmlFormat implements ReportFormat {
  /** In the order in which they need each other. */
  private static final List<String> SCRIPTS =
      List.of("d3-7.9.0.min.js", "plot-0.6.17.umd.min.js", "words.js", "charts.js", "report.js");

  private static final String STYLE = "report.css";

  @Override
  public String id() {
    return "html";
  }

  @Override
  public void write(ReportSource source, Path out) {
    AtomicFile.write(out.resolve("index.html"), page(source));
  }

  /** The page of a result. */
  static byte[] page(ReportSource source) {
    return page(source, PageData.MOST_TEXTS).getBytes(StandardCharsets.UTF_8);
  }

  /**
   * The page of a result.
   *
   * @param mostTexts characters of prompts and answers; what is beyond is left out, and said to be
   */
  static String page(ReportSource source, long mostTexts) {
    List<String> scripts = SCRIPTS.stream().map(HtmlFormat::resource).toList();
    String style = resource(STYLE);
    String policy =
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src %s; script-src %s"
            .formatted(
                hash(style),
                scripts.stream().map(HtmlFormat::hash).collect(Collectors.joining(" ")));
    // Not String.replace on the whole: what was put in must not be searched again.
    return Template.of(resource("report.html"))
        .put("policy", policy)
        .put("style", style)
        .put("data", new PageData(source, mostTexts).json())
        .put(
            "scripts",
            scripts.stream()
                .map("<script>%s</script>"::formatted)
                .collect(Collectors.joining("\n")))
        .text();
  }

  private static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return "'sha256-%s'".formatted(Base64.getEncoder().encodeToString(digest));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  static String resource(String name) {
    try (InputStream in = HtmlFormat.class.getResourceAsStream("page/%s".formatted(name))) {
      if (in == null) {
        throw new IllegalStateException("the resource page/%s is missing".formatted(name));
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
