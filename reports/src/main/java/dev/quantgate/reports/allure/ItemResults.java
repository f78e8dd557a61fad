package dev.quantgate.reports.allure;

import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.comparison.SuiteComparison;
import dev.quantgate.evaluation.pairs.Pair;
import dev.quantgate.evaluation.record.ItemRecord.Choice;
import dev.quantgate.evaluation.record.ItemRecord.Execution;
import dev.quantgate.evaluation.record.Prompts;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.reports.AnswerView;
import dev.quantgate.reports.ChangeLine;
import dev.quantgate.reports.ItemReport;
import dev.quantgate.reports.ItemView;
import dev.quantgate.reports.allure.Naming.Severity;
import io.qameta.allure.model.Attachment;
import io.qameta.allure.model.Parameter;
import io.qameta.allure.model.Stage;
import io.qameta.allure.model.Status;
import io.qameta.allure.model.StatusDetails;
import io.qameta.allure.model.StepResult;
import io.qameta.allure.model.TestResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** A result for each item: what was lost is failed, what was gained or stayed is passed. */
final class ItemResults {
  /** Begins the message of an item that was lost; categories are found by it. */
  static final String LOST = "Lost: ";

  static final String LOST_NEAR_TIE = "Lost in a near tie: ";
  static final String GAINED = "Gained: ";
  static final String NOT_JUDGED = "Not judged: ";

  /** Cells of each answer in the side-by-side attachment. */
  private static final int WIDTH = 160;

  private final Naming naming;
  private final ResultFolder folder;

  ItemResults(Naming naming, ResultFolder folder) {
    this.naming = naming;
    this.folder = folder;
  }

  TestResult of(SuiteComparison suite, ItemView item) {
    Pair pair = item.pair();
    String story = pair.stratum().isEmpty() ? "items" : pair.stratum();
    TestResult result = naming.result(Optional.of(suite), story, item.id(), severity(pair));
    result.setStatus(status(pair));
    if (!pair.category().isEmpty()) {
      result.getLabels().add(Naming.label("tag", PlainText.line(pair.category())));
    }
    result.getLabels().add(Naming.label("tag", pair.kind().toString()));
    if (pair.nearTie() && pair.kind().flip()) {
      result.getLabels().add(Naming.label("tag", "near tie"));
    }
    String change = ChangeLine.change(pair);
    Optional<String> message =
        switch (pair.kind()) {
          case LOSS -> Optional.of((pair.nearTie() ? LOST_NEAR_TIE : LOST) + change);
          case GAIN -> Optional.of(GAINED + change);
          case UNGRADED -> Optional.of(NOT_JUDGED + ChangeLine.fault(pair).orElse(change));
          case CHURN -> Optional.of("Answered otherwise: %s".formatted(change));
          case SAME -> Optional.empty();
        };
    message.ifPresent(text ->
        result.setStatusDetails(
            new StatusDetails()
                .setMessage(text)
                .setTrace(item.replay().map("Ask it again: %s"::formatted).orElse(""))));
    // What stayed is told by its line alone: fourteen thousand of them are bearable only so.
    if (pair.kind().flip() || pair.kind() == Pair.Kind.UNGRADED) {
      result.setSteps(steps(result, item));
    }
    return result;
  }

  private static Status status(Pair pair) {
    return switch (pair.kind()) {
      case LOSS -> Status.FAILED;
      case UNGRADED -> Status.BROKEN;
      case GAIN, CHURN, SAME -> Status.PASSED;
    };
  }

  private static Severity severity(Pair pair) {
    return switch (pair.kind()) {
      case LOSS -> pair.nearTie() ? Severity.MINOR : Severity.CRITICAL;
      case UNGRADED -> Severity.NORMAL;
      case GAIN, CHURN -> Severity.MINOR;
      case SAME -> Severity.TRIVIAL;
    };
  }

  private List<StepResult> steps(TestResult result, ItemView item) {
    List<StepResult> steps = new ArrayList<>();
    item.prompt()
        .ifPresent(prompt ->
            steps.add(
                step("The prompt", Status.PASSED)
                    .setAttachments(List.of(folder.text(result, "prompt", prompt)))));
    steps.add(answer(result, item, Side.BASELINE));
    steps.add(answer(result, item, Side.CANDIDATE));
    steps.add(
        step("Both answers side by side", Status.PASSED)
            .setAttachments(
                List.of(folder.text(result, "answers", ItemReport.answers(item, WIDTH)))));
    item.pair()
        .divergence()
        .ifPresent(at ->
            steps.add(
                step("The first other token is number %d".formatted(at + 1), Status.PASSED)
                    .setParameters(divergence(item))));
    if (!item.baseline().answered().choices().isEmpty()) {
      steps.add(
          step("The choices' log-probabilities (nats)", Status.PASSED)
              .setAttachments(List.of(folder.csv(result, "choices", choices(item)))));
    }
    item.asked()
        .flatMap(Prompts.Line::check)
        .ifPresent(check ->
            steps.add(
                step("The test", Status.PASSED)
                    .setAttachments(List.of(folder.text(result, "test", check.test())))));
    item.replay()
        .ifPresent(command ->
            steps.add(
                step("Ask it again", Status.PASSED)
                    .setAttachments(List.of(folder.text(result, "command", command)))));
    return steps;
  }

  private StepResult answer(TestResult result, ItemView item, Side side) {
    AnswerView answer = item.answer(side);
    int sample = item.sample();
    Status status =
        answer.right().map(right -> right ? Status.PASSED : Status.FAILED).orElse(Status.BROKEN);
    String grade =
        answer
            .right()
            .map(right -> right ? "right" : "wrong")
            .orElseGet(() ->
                answer
                    .answered()
                    .fault()
                    .map(fault -> "%s, %s".formatted(fault.category(), fault.message()))
                    .orElse("no grade"));
    StepResult step = step("The %s: %s".formatted(side, PlainText.line(grade, 200)), status);
    List<Attachment> attachments = new ArrayList<>();
    attachments.add(folder.text(result, "%s's answer".formatted(side), answer.text(sample)));
    answer
        .written(sample)
        .ifPresent(
            text -> attachments.add(folder.text(result, "%s's whole text".formatted(side), text)));
    answer
        .execution(sample)
        .ifPresent(execution ->
            attachments.add(
                folder.text(
                    result,
                    "%s's execution".formatted(side),
                    execution(execution, answer.failedAt(sample)))));
    answer
        .printed(sample)
        .ifPresent(printed ->
            attachments.add(folder.text(result, "%s's output".formatted(side), printed)));
    List<Parameter> parameters = new ArrayList<>();
    answer
        .answered()
        .margin()
        .ifPresent(margin -> parameters.add(Naming.excluded("margin in nats", nats(margin))));
    return step.setAttachments(attachments).setParameters(parameters);
  }

  private static String execution(Execution execution, Optional<String> failedAt) {
    return """
    outcome: %s
    detail: %s
    exit: %d
    %s\
    """
        .formatted(
            execution.outcome(),
            execution.detail(),
            execution.exit(),
            failedAt.map("failed at: %s\n"::formatted).orElse(""));
  }

  private static List<Parameter> divergence(ItemView item) {
    List<Parameter> parameters = new ArrayList<>();
    item.baseline()
        .answered()
        .divergenceMargin()
        .ifPresent(margin -> parameters.add(Naming.excluded("baseline's margin", nats(margin))));
    item.candidate()
        .answered()
        .divergenceMargin()
        .ifPresent(margin -> parameters.add(Naming.excluded("candidate's margin", nats(margin))));
    return parameters;
  }

  private static String choices(ItemView item) {
    List<Choice> candidate = item.candidate().answered().choices();
    String rows =
        item.baseline().answered().choices().stream()
            .map(choice ->
                "%s,%s,%s,%s"
                    .formatted(
                        Csv.cell(choice.label()),
                        nats(choice.value()),
                        candidate.stream()
                            .filter(other -> other.label().equals(choice.label()))
                            .findFirst()
                            .map(other -> nats(other.value()))
                            .orElse(""),
                        choice.label().equals(item.pair().expected()) ? "right" : ""))
            .collect(Collectors.joining("\n"));
    return "choice,baseline,candidate,\n%s\n".formatted(rows);
  }

  private static String nats(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }

  private StepResult step(String name, Status status) {
    return new StepResult()
        .setName(name)
        .setStatus(status)
        .setStage(Stage.FINISHED)
        .setStart(naming.time())
        .setStop(naming.time());
  }
}
