package dev.quantgate.inference.cpu;

import dev.quantgate.inference.Outcome;
import java.util.List;

/**
 * What remains of a language model once text has become token ids. The fast engine and its oracle
 * both are one, below the same handling of text.
 */
interface TokenEngine extends AutoCloseable {

  /**
   * Asks for the log-probability of each of {@code tokens[from ..]} given all tokens before it.
   *
   * @param from at least 1 and at most {@code tokens.length}
   */
  record ScoreJob(int[] tokens, int from) {}

  /** Asks for a continuation of {@code prompt} by at most {@code maxNewTokens} tokens. */
  record GenerateJob(int[] prompt, int maxNewTokens, Writer writer) {}

  /** Chooses the tokens of one answer; called by one thread at a time. */
  interface Writer {
    /** Takes the next token from {@code vocabulary} finite logits at {@code at}. */
    int choose(float[] logits, int at, int vocabulary);

    /** Adds a token to the answer; answers whether that ended it. */
    boolean append(int token);
  }

  /** Gets each job's result once, in no order, by the thread that made the call. */
  interface Results<R> {
    void done(int job, R result);

    void faulted(int job, Outcome.Fault fault, String message);
  }

  /**
   * Log-probabilities of the tokens asked for, and whether each was the most likely one at its
   * place.
   */
  record Scored(double[] logProbabilities, boolean[] greedy) {}

  /** What has been done since the engine was made. */
  record Work(
      long weightBytes,
      long peakCacheBytes,
      long promptTokens,
      long promptNanos,
      long generatedTokens,
      long generationNanos) {}

  void score(List<ScoreJob> jobs, Results<Scored> results);

  /** The result of a job is its writer, which holds the answer. */
  void generate(List<GenerateJob> jobs, Results<Writer> results);

  Work work();

  @Override
  void close();
}
