package dev.quantgate.evaluation;

import dev.quantgate.base.Nearest;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.answer.Services;
import dev.quantgate.evaluation.answer.SuiteTask;
import dev.quantgate.evaluation.comparison.Comparer;
import dev.quantgate.evaluation.comparison.Comparer.Compared;
import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.comparison.ComparisonFolder;
import dev.quantgate.evaluation.gate.GatePolicy;
import dev.quantgate.evaluation.gate.Prospect;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.FinishedRun;
import dev.quantgate.evaluation.record.Lock;
import dev.quantgate.evaluation.record.OutFolder;
import dev.quantgate.evaluation.record.RunFolder;
import dev.quantgate.evaluation.record.Side;
import dev.quantgate.evaluation.run.Participant;
import dev.quantgate.evaluation.run.Progress;
import dev.quantgate.evaluation.run.Runner;
import dev.quantgate.evaluation.verify.Verification;
import dev.quantgate.evaluation.verify.Verifier;
import dev.quantgate.evaluation.verify.VerifyRequest;
import dev.quantgate.inference.ModelReference;
import dev.quantgate.inference.checkpoint.Checkpoints;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The one object that a face calls. It finds engines, sandboxes and data, keeps the run on disk and
 * gives back what is to be told.
 *
 * <p>Errors leave it as {@link EvaluationException}, {@link
 * dev.quantgate.inference.InferenceException}, {@link dev.quantgate.sandbox.SandboxException} or
 * {@link dev.quantgate.benchmarks.DataException}, each with a message for people; all mean exit
 * code 2. An interrupt of the calling thread ends a call with {@link
 * EvaluationException.Kind#INTERRUPTED} and leaves a folder that the same request continues.
 */
public final class QuantGate {
  private final Services services;
  private final Comparer comparer;

  /** With the suites, protocols, engines and sandboxes of this installation. */
  public QuantGate() {
    this(Services.standard());
  }

  /** With other services than the installation's. */
  public QuantGate(Services services) {
    this.services = services;
    this.comparer = new Comparer();
  }

  /**
   * Asks both models, executes what they wrote, pairs the answers and judges. Continues what an
   * earlier call for the same request has begun. Writes {@code out/baseline}, {@code
   * out/candidate}, {@code out/prompts}, {@code out/pairs} and {@code out/comparison.json}.
   *
   * @throws EvaluationException if the request cannot be carried out, {@code out} holds another run
   *     or a comparison of other runs, or a margin is said for a suite that is not asked
   */
  public Comparison run(RunRequest request, Progress.Listener progress) {
    request.policy().requireReasons();
    if (request.stopWhenDecided()) {
      request.policy().requireStoppable();
    }
    requireSuitesOfMargins(request);
    var out = new OutFolder(request.out());
    if (ComparisonFolder.exists(request.out()) && !out.holdsRun()) {
      throw occupied(request.out(), "a comparison of other runs");
    }
    List<FinishedRun> runs =
        new Runner(services, request.plan(), request.environment(), out, progress)
            .run(
                List.of(
                    new Participant(Side.BASELINE, request.baseline()),
                    new Participant(Side.CANDIDATE, request.candidate())),
                request.stopWhenDecided() ? Optional.of(request.policy()) : Optional.empty(),
                request.baselineRun());
    return judge(runs.get(0), runs.get(1), request.policy(), request.out());
  }

  /** A slip in a suite's name would make the comparison INVALID, after hours. */
  private void requireSuitesOfMargins(RunRequest request) {
    if (request.policy().margins().isEmpty()) {
      return;
    }
    List<String> suites = SuiteTask.names(services, request.plan());
    request
        .policy()
        .margins()
        .keySet()
        .forEach(suite -> {
          if (!suites.contains(suite)) {
            throw new EvaluationException(
                EvaluationException.Kind.SETTING,
                "margins: suite \"%s\"%s is not among the suites of this run: %s"
                    .formatted(suite, Nearest.hint(suite, suites), String.join(",", suites)));
          }
        });
  }

  /**
   * Has the weight files of models read again, whatever is known of their sums.
   *
   * @param references what the user typed; those that are no folders are passed over
   */
  public void forgetSums(List<String> references) {
    for (String reference : references) {
      if (ModelReference.parse(reference) instanceof ModelReference.Folder(Path folder)) {
        Checkpoints.forgetSums(folder);
      }
    }
  }

  /**
   * What a plan would ask, found and read but not asked.
   *
   * @throws EvaluationException or {@link dev.quantgate.benchmarks.DataException} if the plan
   *     cannot be carried out
   */
  public List<PlannedSuite> plan(RunPlan plan) {
    return SuiteTask.all(services, plan).stream()
        .map(task ->
            new PlannedSuite(
                task.suite(),
                task.protocol().id(),
                task.ids().size(),
                task.allIds().size(),
                task.origin().file(),
                task.writesTexts(),
                task.ofPrograms()))
        .toList();
  }

  /**
   * What the suites of a run can and cannot prove, before they are asked.
   *
   * @throws EvaluationException or {@link dev.quantgate.benchmarks.DataException} if the plan
   *     cannot be carried out
   */
  public List<Prospect> prospects(RunRequest request) {
    requireSuitesOfMargins(request);
    return SuiteTask.all(services, request.plan()).stream()
        .map(task ->
            Prospect.of(
                task.suite(),
                task.ofPrograms(),
                task.ofPrograms() ? request.plan().sampling().samples() : 1,
                task.clusterSizes(),
                request.policy().marginOf(task.suite()),
                request.stopWhenDecided()))
        .toList();
  }

  /**
   * The finished run of the baseline that {@link #run} would take in the place of asking it, as far
   * as it is known without loading a model: when it was asked, as what, and its hash. Empty where
   * the baseline would be asked.
   */
  public Optional<String> reusable(RunRequest request) {
    return new Runner(
            services,
            request.plan(),
            request.environment(),
            new OutFolder(request.out()),
            Progress.Listener.NONE)
        .reusable(new Participant(Side.BASELINE, request.baseline()), request.baselineRun());
  }

  /**
   * A suite of a plan.
   *
   * @param items how many are asked
   * @param available how many there are
   * @param file where they lie
   * @param texts whether models write texts, or else are asked how likely given ones are
   * @param programs whether the texts are programs, which are executed
   */
  public record PlannedSuite(
      String suite,
      String protocol,
      int items,
      int available,
      String file,
      boolean texts,
      boolean programs) {}

  /** Asks one model and grades its answers. Writes {@code out/model} and {@code out/prompts}. */
  public Evaluation eval(EvalRequest request, Progress.Listener progress) {
    FinishedRun run =
        new Runner(
                services,
                request.plan(),
                request.environment(),
                new OutFolder(request.out()),
                progress)
            .run(List.of(new Participant(Side.MODEL, request.model())))
            .getFirst();
    return Evaluation.of(run);
  }

  /**
   * Pairs two finished runs and judges. Writes {@code out/comparison.json}.
   *
   * @throws EvaluationException if a run is not finished or cannot be read, or if {@code out} holds
   *     a run or another comparison
   */
  public Comparison compare(CompareRequest request) {
    request.policy().requireReasons();
    var out = new OutFolder(request.out());
    out.requireUsable();
    FinishedRun baseline = RunFolder.read(locate(request.baseline(), Side.BASELINE));
    request.baselineRun().requireFrozen(baseline);
    FinishedRun candidate = RunFolder.read(locate(request.candidate(), Side.CANDIDATE));
    Compared compared = comparer.compare(baseline, candidate, request.policy());
    Comparison comparison =
        ComparisonFolder.placed(request.out(), compared.comparison(), baseline, candidate);
    try (Lock _ = Lock.take(request.out())) {
      if (out.holdsRun()) {
        throw occupied(request.out(), "a run");
      }
      if (ComparisonFolder.exists(request.out())
          && !ComparisonFolder.read(request.out()).comparison().equals(comparison)) {
        throw occupied(request.out(), "another comparison");
      }
      ComparisonFolder.write(request.out(), comparison, compared.pairs());
    }
    return comparison;
  }

  private static EvaluationException occupied(Path out, String what) {
    return new EvaluationException(
        EvaluationException.Kind.OTHER_RUN,
        "%s holds %s, which would be written over\nGive another --out".formatted(out, what));
  }

  /** Reads a comparison.json, given itself or its folder, for rendering it again. */
  public Comparison read(Path comparison) {
    return ComparisonFolder.read(comparison).comparison();
  }

  /**
   * Recomputes a finished result and checks its hashes; changes nothing.
   *
   * @param folder with comparison.json, or with one model's run
   * @throws EvaluationException if it holds neither, or one that is not finished
   */
  public Verification verify(Path folder, VerifyRequest request) {
    return new Verifier(services, request).verify(folder);
  }

  private Comparison judge(
      FinishedRun baseline, FinishedRun candidate, GatePolicy policy, Path out) {
    Compared compared = comparer.compare(baseline, candidate, policy);
    Comparison comparison =
        ComparisonFolder.placed(out, compared.comparison(), baseline, candidate);
    ComparisonFolder.write(out, comparison, compared.pairs());
    return comparison;
  }

  private static Path locate(Path path, Side side) {
    return RunFolder.locate(path, side)
        .orElseThrow(() ->
            new EvaluationException(
                EvaluationException.Kind.INPUT,
                "%s: expected the folder of a finished run (identity.json in it, or in its folder %s or model), found none"
                    .formatted(path, side)));
  }
}
