package dev.quantgate.evaluation;

import dev.quantgate.evaluation.comparison.Comparison;
import dev.quantgate.evaluation.run.EvaluationException;
import dev.quantgate.evaluation.run.Progress;
import java.nio.file.Path;

/**
 * The one object that a face calls. It finds engines, sandboxes and data, keeps the run on disk and
 * gives back what is to be told.
 *
 * <p>Errors leave it as {@link EvaluationException}, {@link
 * dev.quantgate.inference.InferenceException}, {@link dev.quantgate.sandbox.SandboxException} or {@link
 * dev.quantgate.benchmarks.DataException}, each with a message for people; all mean exit code 2. An
 * interrupt of the calling thread ends a call with {@link EvaluationException.Kind#INTERRUPTED} and
 * leaves a folder that the same request continues.
 */
public final class QuantGate {

  /**
   * Asks both models, executes what they wrote, pairs the answers and judges. Continues what an earlier
   * call for the same request has begun. Writes {@code out/baseline}, {@code out/candidate}, {@code
   * out/prompts} and {@code out/comparison.json}.
   *
   * @throws EvaluationException if the request cannot be carried out, or {@code out} holds another run
   */
  public Comparison run(RunRequest request, Progress.Listener progress) {
    throw new EvaluationException(EvaluationException.Kind.INPUT, "run is not there yet");
  }

  /** Asks one model and grades its answers. Writes {@code out/model} and {@code out/prompts}. */
  public Evaluation eval(EvalRequest request, Progress.Listener progress) {
    throw new EvaluationException(EvaluationException.Kind.INPUT, "eval is not there yet");
  }

  /** Pairs two finished runs and judges. Writes {@code out/comparison.json}. */
  public Comparison compare(CompareRequest request, Progress.Listener progress) {
    throw new EvaluationException(EvaluationException.Kind.INPUT, "compare is not there yet");
  }

  /** Reads a comparison.json, for rendering it again. */
  public Comparison read(Path comparison) {
    throw new EvaluationException(EvaluationException.Kind.INPUT, "read is not there yet");
  }
}
