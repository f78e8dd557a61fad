package dev.quantgate.evaluation.run;

import dev.quantgate.base.QuantGateException;
import dev.quantgate.base.Version;
import dev.quantgate.evaluation.answer.LiveSource;
import dev.quantgate.evaluation.answer.RecordedSource;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.answer.Services;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.record.Checksums;
import dev.quantgate.evaluation.record.Fault;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.Identity;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.SuiteIdentity;
import dev.quantgate.inference.ModelIdentity;
import dev.quantgate.inference.ModelReference;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.Sandboxes;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Knows a run that is finished and is the one asked for, without loading its model or starting a
 * sandbox: by the sums of the model's files, the data, and how it would be asked. Where any of it
 * is not known for sure, the run is made or continued the long way, which refuses what differs.
 */
record FinishedRuns(
    Services services, RunPlan plan, RunEnvironment environment, List<SuiteTask> tasks) {

  /**
   * The run of a folder; empty where there is none, or it is unfinished, another one, or one of
   * which some programs are to be tried again.
   *
   * @param sandbox that executes programs; empty where none was started
   */
  Optional<FinishedRun> in(
      Path folder,
      ModelReference model,
      Optional<RecordedSource> recorded,
      Optional<SuiteIdentity.Sandbox> sandbox) {
    if (!Checksums.exist(folder)) {
      return Optional.empty();
    }
    try {
      FinishedRun run = RunFolder.read(folder);
      return isAskedFor(run.identity(), model, recorded, sandbox) && !toBeTriedAgain(run)
          ? Optional.of(run)
          : Optional.empty();
    } catch (QuantGateException e) {
      return Optional.empty(); // the long way says what is wrong
    }
  }

  /** Whether a run of this identity is the one asked for, whole suites and all. */
  boolean isAskedFor(
      Identity identity,
      ModelReference model,
      Optional<RecordedSource> recorded,
      Optional<SuiteIdentity.Sandbox> sandbox) {
    return identity.program().equals(Version.program())
        && identity.suites().equals(tasks.stream().map(SuiteTask::suite).toList())
        && isModel(identity, model, recorded)
        && tasks.stream().allMatch(task -> isAsked(identity, task, recorded, sandbox));
  }

  /**
   * Whether a run can be known again by its identity alone: a live model's whose files are named by
   * their hashes, whole, and with nothing to be tried again.
   */
  boolean isKnown(FinishedRun run) {
    return run.identity().live()
        && run.identity()
            .model()
            .keySet()
            .containsAll(List.of("weightsSha256", "configSha256", "tokenizerSha256"))
        && run.identity().suites().stream()
            .noneMatch(
                suite -> run.identity().suite(suite).asking().containsKey(SuiteIdentity.ORDER))
        && !toBeTriedAgain(run);
  }

  private boolean isModel(
      Identity identity, ModelReference model, Optional<RecordedSource> recorded) {
    if (recorded.isPresent()) {
      var stored = new TreeMap<String, String>();
      identity.model().forEach((field, value) -> stored.put("model.%s".formatted(field), value));
      stored.put(Identity.SOURCE, identity.fields().getOrDefault(Identity.SOURCE, ""));
      return stored.equals(recorded.get().identity());
    }
    Optional<LocalDate> day = environment.engineOptions().chatDate();
    Optional<ModelIdentity> known = services.models().identify(environment.engine(), model);
    return known.isPresent()
        && known.get().weightsSha256().isPresent()
        && known.get().configSha256().isPresent()
        && known.get().tokenizerSha256().isPresent()
        && identity.fields().containsKey(Identity.CHAT_DATE) == day.isPresent()
        && identity.fields().entrySet().containsAll(LiveSource.fields(known.get(), day).entrySet());
  }

  /** Whether a suite would be asked as it was, by a model with a chat template or one without. */
  private boolean isAsked(
      Identity identity,
      SuiteTask task,
      Optional<RecordedSource> recorded,
      Optional<SuiteIdentity.Sandbox> sandbox) {
    SuiteIdentity stored = identity.suite(task.suite());
    boolean same =
        stored
            .sandbox()
            .map(box -> sandbox.map(box::equals).orElseGet(() -> isSandbox(box)))
            .orElse(!task.ofPrograms());
    if (!same) {
      return false;
    }
    List<SortedMap<String, String>> asking = new ArrayList<>();
    for (boolean chat : new boolean[] {false, true}) {
      List<Question> questions = task.questions(chat);
      asking.add(
          recorded
              .map(source -> source.suiteIdentity(task, questions))
              .orElseGet(() -> LiveSource.asking(questions, plan.sampling(), plan.seed())));
    }
    return asking.stream()
        .anyMatch(
            each -> stored.differences(task.identity(plan, each, stored.sandbox())).isEmpty());
  }

  /** Whether what executed programs then is what would now, as far as it was said. */
  private boolean isSandbox(SuiteIdentity.Sandbox stored) {
    SandboxOptions options = environment.sandboxOptions();
    Map<String, String> identity = stored.identity();
    boolean kind =
        environment.sandbox().equals(Sandboxes.AUTO) || environment.sandbox().equals(stored.kind());
    return kind
        && environment.requiredSandbox().map(stored.kind()::equals).orElse(true)
        && options.limits().toString().equals(identity.get("limits"))
        && options.checker().name().toLowerCase(Locale.ROOT).equals(identity.get("checker"));
  }

  /** A sandbox that failed is no answer: the next session executes such a program again. */
  private static boolean toBeTriedAgain(FinishedRun run) {
    return run.suites().values().stream()
        .flatMap(List::stream)
        .flatMap(record -> record.fault().stream())
        .anyMatch(fault ->
            fault.category() == Fault.Category.SANDBOX_ERROR
                || fault.category() == Fault.Category.UNSUPPORTED);
  }
}
