package dev.quantgate.reports.allure;

import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/** How Allure sorts results: its second version reads categories.json, its third its settings. */
final class Categories {
  /** Anything, in Java's and in JavaScript's expressions alike. */
  private static final String ANYTHING = "[\\s\\S]*";

  static final List<Category> ALL =
      List.of(
          new Category("Gates that failed", begins("Gate: "), List.of("failed")),
          new Category("Losses", begins(ItemResults.LOST), List.of("failed")),
          new Category("Losses in near ties", begins(ItemResults.LOST_NEAR_TIE), List.of("failed")),
          new Category("Gains", begins(ItemResults.GAINED), List.of("passed")),
          new Category("Infrastructure", ANYTHING, List.of("broken")),
          new Category("Nothing shown", begins("Gate: "), List.of("skipped")));

  /** The results of some statuses whose whole message is matched. */
  record Category(String name, String messageRegex, List<String> matchedStatuses) {
    Category {
      matchedStatuses = List.copyOf(matchedStatuses);
    }
  }

  private Categories() {}

  static String json() {
    return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(ALL);
  }

  private static String begins(String text) {
    return "^%s%s".formatted(text, ANYTHING);
  }
}
