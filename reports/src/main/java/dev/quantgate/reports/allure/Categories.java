package dev.quantgate.reports.allure;

import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/** categories.json: how Allure sorts results, the same for its second and third version. */
final class Categories {
  private record Category(String name, String messageRegex, List<String> matchedStatuses) {}

  private Categories() {}

  static String json() {
    return JsonMapper.shared()
        .writerWithDefaultPrettyPrinter()
        .writeValueAsString(
            List.of(
                new Category("Gates that failed", begins("Gate: "), List.of("failed")),
                new Category("Losses", begins(ItemResults.LOST), List.of("failed")),
                new Category(
                    "Losses in near ties", begins(ItemResults.LOST_NEAR_TIE), List.of("failed")),
                new Category("Gains", begins(ItemResults.GAINED), List.of("passed")),
                new Category("Infrastructure", "(?s).*", List.of("broken")),
                new Category("Nothing shown", begins("Gate: "), List.of("skipped"))));
  }

  private static String begins(String text) {
    return "(?s)%s.*".formatted(text);
  }
}
