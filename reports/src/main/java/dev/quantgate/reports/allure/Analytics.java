package dev.quantgate.reports.allure;

import dev.quantgate.base.AtomicFile;
import dev.quantgate.base.RegularFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** The scripts by which Allure's pages report their views to its makers. */
final class Analytics {
  private static final long MOST_BYTES = 1L << 30;

  /** In the script that is fetched from elsewhere, and in the one that hands it the views. */
  private static final List<String> TEXTS =
      List.of("https://www.googletagmanager.com/", "window.dataLayer = ");

  private Analytics() {}

  /** Writes a page without them. */
  static void remove(Path from, Path to) {
    String page = new String(RegularFile.read(from, MOST_BYTES), StandardCharsets.UTF_8);
    for (String text : TEXTS) {
      page = withoutScript(page, text);
    }
    AtomicFile.write(to, page.getBytes(StandardCharsets.UTF_8));
  }

  /** Cuts the first script that holds a text; a page of many megabytes is searched, not matched. */
  private static String withoutScript(String page, String text) {
    int at = page.indexOf(text);
    int end = page.indexOf("</script>", at);
    int start = page.lastIndexOf("<script", at);
    return at < 0 || end < 0 || start < 0
        ? page
        : page.substring(0, start).concat(page.substring(end + "</script>".length()));
  }
}
