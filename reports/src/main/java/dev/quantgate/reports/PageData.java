package dev.quantgate.reports;

import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.ItemRecord.Choice;
import dev.quantgate.evaluation.record.ItemRecord.Execution;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the page knows, as JSON: the comparison, a row for each item, and the texts of those items
 * that changed. Bounded, however much the models wrote.
 */
final class PageData {
  /** Characters of a text that are shown. */
  static final int MOST_TEXT = 20_000;

  /** Characters of all texts together; items beyond it are rows without texts. */
  static final long MOST_TEXTS = 16_000_000;

  private static final int MOST_ANSWER = 60;
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final ReportSource source;
  private final long budget;
  private long spent;
  private int withoutTexts;

  PageData(ReportSource source, long budget) {
    this.source = source;
    this.budget = budget;
  }

  /** The whole, as a text that can stand in a script element. */
  String json() {
    ObjectNode page = JSON.createObjectNode();
    ObjectNode comparison = (ObjectNode) JSON.valueToTree(source.comparison());
    comparison.remove("flips");
    page.set("comparison", comparison);
    Headline headline = Headline.of(source.comparison());
    page.putObject("headline").put("en", headline.english()).put("zh", headline.chinese());
    MarginWords margin = MarginWords.of(source.comparison().policy());
    page.putObject("margin").put("en", margin.english()).put("zh", margin.chinese());
    ObjectNode suites = page.putObject("items");
    ArrayNode details = page.putArray("details");
    for (SuiteComparison suite : source.comparison().suites()) {
      rows(suites.putArray(suite.suite()), details, source.items(suite));
    }
    ObjectNode subjects = page.putObject("subjects");
    source.baseline().ifPresent(run -> subjects(subjects, run));
    ObjectNode benches = page.putObject("bench");
    source
        .benches()
        .forEach((side, bench) -> benches.set(side.toString(), JSON.valueToTree(bench)));
    ArrayNode warnings = page.putArray("warnings");
    source.warnings().forEach(warnings::add);
    page.put("withoutTexts", withoutTexts);
    return inScript(JSON.writeValueAsString(page));
  }

  /** JSON that ends no script element and no line of JavaScript. */
  static String inScript(String json) {
    return json.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029");
  }

  private static void subjects(ObjectNode names, FinishedRun run) {
    run.provenance()
        .suites()
        .values()
        .forEach(
            facts -> facts.subjects().forEach(subject -> names.put(subject.key(), subject.name())));
  }

  /** Losses are given their texts first, so that a bound cuts what matters least. */
  private void rows(ArrayNode rows, ArrayNode details, List<ItemView> items) {
    int[] places = new int[items.size()];
    for (Pair.Kind kind :
        List.of(Pair.Kind.LOSS, Pair.Kind.GAIN, Pair.Kind.UNGRADED, Pair.Kind.CHURN)) {
      for (int i = 0; i < items.size(); i++) {
        if (items.get(i).pair().kind() == kind) {
          places[i] = place(details, items.get(i));
        }
      }
    }
    for (int i = 0; i < items.size(); i++) {
      Pair pair = items.get(i).pair();
      ArrayNode row = rows.addArray();
      row.add(PlainText.line(pair.id(), 200));
      row.add(pair.kind().ordinal());
      row.add(PlainText.line(pair.stratum(), MOST_ANSWER));
      row.add(PlainText.line(pair.expected(), MOST_ANSWER));
      row.add(PlainText.line(pair.baseline().answer(), MOST_ANSWER));
      row.add(PlainText.line(pair.candidate().answer(), MOST_ANSWER));
      figure(row, pair.baseline().margin());
      figure(row, pair.candidate().margin());
      figure(row, pair.choiceKl());
      row.add(pair.nearTie() ? 1 : 0);
      row.add(places[i]);
    }
  }

  /** Adds an item's texts; gives their place, the first being 1, or 0 where there is no room. */
  private int place(ArrayNode details, ItemView item) {
    ObjectNode detail = JSON.createObjectNode();
    long before = spent;
    fill(detail, item);
    if (spent > budget) {
      spent = before;
      withoutTexts++;
      return 0;
    }
    details.add(detail);
    return details.size();
  }

  private void fill(ObjectNode detail, ItemView item) {
    int sample = item.sample();
    String first = PlainText.lines(bounded(item.baseline().text(sample)));
    String second = PlainText.lines(bounded(item.candidate().text(sample)));
    OptionalInt parts = ItemView.partsAt(first, second);
    item.prompt()
        .ifPresent(prompt -> {
          String shown = PlainText.lines(bounded(prompt));
          int from = start(shown, shown.length() - MOST_TEXT);
          text(detail.putObject("prompt"), shown, from);
        });
    item.asked()
        .filter(line -> !line.continuations().isEmpty())
        .ifPresent(line -> {
          ArrayNode all = detail.putArray("continuations");
          line.continuations().forEach(each -> all.add(PlainText.line(each, 400)));
        });
    item.pair().divergence().ifPresent(token -> detail.put("divergence", token));
    item.replay().ifPresent(command -> detail.put("replay", PlainText.line(command, 4000)));
    if (item.baseline().texts().size() > 1) {
      detail.put("sample", sample);
    }
    int from = parts.isPresent() ? Math.max(0, parts.getAsInt() - MOST_TEXT / 2) : 0;
    side(detail.putObject("baseline"), item.baseline(), first, parts, from, sample);
    side(detail.putObject("candidate"), item.candidate(), second, parts, from, sample);
  }

  private void side(
      ObjectNode side, AnswerView answer, String text, OptionalInt parts, int from, int sample) {
    int start = start(text, Math.min(from, Math.max(0, text.length() - 1)));
    text(side.putObject("text"), text, start);
    parts.ifPresent(at -> side.put("parts", Math.min(at, text.length()) - start));
    side.put("right", answer.answered().right()).put("answers", answer.answered().answers());
    answer
        .answered()
        .fault()
        .ifPresent(fault ->
            side.put("fault", fault.category().name())
                .put("message", PlainText.line(fault.message(), 2000)));
    answer.execution(sample).ifPresent(execution -> executed(side, execution));
    answer.failedAt(sample).ifPresent(line -> side.put("failedAt", line));
    answer
        .printed(sample)
        .ifPresent(printed -> {
          String shown = PlainText.lines(bounded(printed));
          text(side.putObject("printed"), shown, 0);
        });
    answer.answered().divergenceMargin().ifPresent(margin -> side.put("tokenMargin", margin));
    if (!answer.answered().choices().isEmpty()) {
      ArrayNode choices = side.putArray("choices");
      for (Choice choice : answer.answered().choices()) {
        choices.addArray().add(PlainText.line(choice.label(), MOST_ANSWER)).add(choice.value());
      }
    }
  }

  private static void executed(ObjectNode side, Execution execution) {
    side.put("outcome", execution.outcome().name());
    if (!execution.detail().isEmpty()) {
      side.put("message", PlainText.line(execution.detail(), 2000));
    }
  }

  /** A window of a text, which says how long the whole is. */
  private void text(ObjectNode node, String text, int from) {
    int end = start(text, Math.min(text.length(), from + MOST_TEXT));
    node.put("shown", text.substring(from, end));
    if (from > 0 || end < text.length()) {
      node.put("from", from).put("length", text.length());
    }
    spent += end - from;
  }

  /** A text of many megabytes is not walked through for every item. */
  private static String bounded(String text) {
    int most = 2_000_000;
    return text.length() <= most ? text : text.substring(0, start(text, most));
  }

  /** A place that is not within a character. */
  private static int start(String text, int at) {
    int place = Math.clamp(at, 0, text.length());
    return place > 0 && place < text.length() && Character.isLowSurrogate(text.charAt(place))
        ? place - 1
        : place;
  }

  private static void figure(ArrayNode row, OptionalDouble value) {
    if (value.isPresent()) {
      row.add(Math.round(value.getAsDouble() * 1e5) / 1e5);
    } else {
      row.addNull();
    }
  }
}
