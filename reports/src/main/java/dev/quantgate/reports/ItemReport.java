package dev.quantgate.reports;

import static dev.quantgate.reports.TextTable.Align.LEFT;
import static dev.quantgate.reports.TextTable.Align.RIGHT;

import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.record.ItemRecord.Choice;
import dev.quantgate.evaluation.record.Prompts;
import dev.quantgate.evaluation.record.Side;
import java.util.List;
import java.util.Locale;

/** One item as an engineer looks at it: prompt, both answers side by side, program and outcome. */
public final class ItemReport {
  private static final int MOST_PROMPT = 20_000;
  private static final int MOST_OUTCOME = 180;

  private ItemReport() {}

  /**
   * Renders an item.
   *
   * @param width terminal cells of a line
   */
  public static String render(ItemView item, Ink ink, int width) {
    var text = new StringBuilder();
    Pair pair = item.pair();
    text.append(
        "%s  %s  %s\n"
            .formatted(
                ink.heading(PlainText.line(item.suite())),
                ink.heading(PlainText.line(item.id())),
                kind(pair, ink)));
    text.append("%s\n".formatted(ChangeLine.change(pair)));
    if (!pair.stratum().isEmpty()) {
      text.append("of %s\n".formatted(PlainText.line(pair.stratum())));
    }
    text.append('\n').append(ink.heading("Prompt")).append('\n');
    text.append(
        item.prompt()
            .map(prompt -> block(prompt, width))
            .orElse("  no longer beside the result\n"));
    text.append('\n').append(ink.heading("Answers")).append('\n').append(answers(item, width));
    choices(text, item, ink);
    divergence(text, item, width);
    item.asked()
        .flatMap(Prompts.Line::check)
        .ifPresent(check -> program(text, item, check, ink, width));
    item.replay()
        .ifPresent(command ->
            text.append(
                "\n%s\n%s\n"
                    .formatted(
                        ink.heading("Ask it again"),
                        ReplayCommand.lines(PlainText.line(command), "  ", width))));
    return text.toString();
  }

  /** The answers beside each other, in so many cells. */
  public static String answers(ItemView item, int width) {
    int sample = item.sample();
    return SideBySide.render(
        title("baseline", item.baseline()),
        shown(item.baseline(), sample),
        title("candidate", item.candidate()),
        shown(item.candidate(), sample),
        Math.max(20, (width - 3) / 2));
  }

  private static String shown(AnswerView answer, int sample) {
    return answer
        .answered()
        .fault()
        .map(fault -> "(%s: %s)".formatted(fault.category(), fault.message()))
        .orElseGet(() -> answer.written(sample).orElseGet(() -> answer.text(sample)));
  }

  private static String title(String side, AnswerView answer) {
    return "%s: %s"
        .formatted(side, answer.right().map(right -> right ? "right" : "wrong").orElse("no grade"));
  }

  private static String kind(Pair pair, Ink ink) {
    return switch (pair.kind()) {
      case LOSS -> ink.bad("LOSS");
      case GAIN -> ink.good("GAIN");
      case CHURN -> ink.unsure("another answer, worth the same");
      case SAME -> "the same answer";
      case UNGRADED -> ink.unsure("not judged");
    };
  }

  private static void choices(StringBuilder text, ItemView item, Ink ink) {
    List<Choice> first = item.baseline().answered().choices();
    List<Choice> second = item.candidate().answered().choices();
    if (first.isEmpty() || first.size() != second.size()) {
      return;
    }
    var table = new TextTable(LEFT, RIGHT, RIGHT, LEFT);
    table.row("choice", "baseline", "candidate", "").rule();
    for (int i = 0; i < first.size(); i++) {
      String label = first.get(i).label();
      table.row(
          label,
          nats(first.get(i).value()),
          nats(second.get(i).value()),
          label.equals(item.pair().expected()) ? "right" : "");
    }
    text.append(
        "\n%s\n%s"
            .formatted(ink.heading("Log-probabilities of the choices (nats)"), table.render()));
  }

  private static void divergence(StringBuilder text, ItemView item, int width) {
    ChangeLine.firstOther(item.pair())
        .map("The first other token is %s."::formatted)
        .ifPresent(what -> text.append("\n%s\n".formatted(TextTable.wrapped("", "", what, width))));
  }

  private static void program(
      StringBuilder text, ItemView item, Prompts.Check check, Ink ink, int width) {
    int sample = item.sample();
    text.append("\n%s\n".formatted(ink.heading("Outcome")));
    for (Side side : List.of(Side.BASELINE, Side.CANDIDATE)) {
      AnswerView answer = item.answer(side);
      answer
          .execution(sample)
          .ifPresent(each ->
              text.append(
                  "  %-9s  %s\n"
                      .formatted(side, PlainText.line(ChangeLine.outcome(each), MOST_OUTCOME))));
      answer
          .failedAt(sample)
          .ifPresent(line -> text.append("             in the test: %s\n".formatted(line)));
    }
    for (Side side : List.of(Side.BASELINE, Side.CANDIDATE)) {
      item.answer(side)
          .printed(sample)
          .ifPresent(printed ->
              text.append(
                  "\n%s\n%s"
                      .formatted(
                          ink.heading("What the %s's program printed".formatted(side)),
                          block(printed, width))));
    }
    text.append(
        "\n%s\n%s"
            .formatted(
                ink.heading("Test (entry point %s)".formatted(PlainText.line(check.entryPoint()))),
                block(check.test().strip(), width)));
  }

  private static String block(String text, int width) {
    String shown = PlainText.lines(text);
    String cut =
        shown.length() <= MOST_PROMPT
            ? shown
            : "%s\n... (%s more characters)"
                .formatted(
                    shown.substring(
                        0, shown.offsetByCodePoints(0, shown.codePointCount(0, MOST_PROMPT) - 1)),
                    Figures.count(shown.length() - MOST_PROMPT));
    var block = new StringBuilder();
    for (String line : cut.replace("\t", "    ").stripTrailing().split("\n", -1)) {
      for (String piece : SideBySide.wrapped(line, Math.max(20, width - 2))) {
        block.append("  %s".formatted(piece).stripTrailing()).append('\n');
      }
    }
    return block.toString();
  }

  static String nats(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }
}
