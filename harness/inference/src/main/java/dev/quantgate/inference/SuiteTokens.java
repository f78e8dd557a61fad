package dev.quantgate.inference;

import java.util.List;

/**
 * What a benchmark asks of an engine, in tokens: with it and with rates that were measured, its
 * time is a sum.
 *
 * @param suite its name
 * @param protocol how it is asked, by the name of a protocol of its suite
 * @param promptTokens that are computed, a prefix that several prompts share once
 * @param readEverywhere whether the logits of every position are read, not of a text's end alone
 * @param writtenTokens of all answers together; 0 where choices are scored
 * @param longest tokens of the longest answer
 */
public record SuiteTokens(
    String suite,
    String protocol,
    long promptTokens,
    boolean readEverywhere,
    long writtenTokens,
    int longest) {

  /** HumanEval's problems: no more answers are ever written together. */
  public static final int ANSWERS = 164;

  /**
   * HumanEval, C-Eval's val with five shots and CMNLI's dev, each whole, in the tokens of Llama 2,
   * whose vocabulary CodeLlama's extends. {@code SuiteTokensTest} counts them again: it has the
   * suites ask a model that computes nothing, and reads what its telemetry says.
   *
   * <p>What a model writes is its own affair. Here HumanEval's answers are as long as its own
   * solutions, and one more is written to the protocol's end, 1,024 tokens.
   */
  public static final List<SuiteTokens> BENCHMARKS =
      List.of(
          new SuiteTokens("humaneval", "base", 24_636, false, 10_804, 1024),
          new SuiteTokens("ceval", "official-5shot", 252_512, false, 0, 0),
          new SuiteTokens("cmnli", "ppl-fdc6de", 1_167_044, true, 0, 0));

  /**
   * Tokens a second that one model reached.
   *
   * @param prompts of a long prompt whose last position is read
   * @param texts of many short texts that are read everywhere
   * @param together of a full batch of answers, all its answers counted
   * @param alone of one answer by itself
   */
  public record Rates(double prompts, double texts, double together, double alone) {}

  /**
   * Seconds of prompts and answers, one after the other: all answers in full batches, then the
   * longest alone. That is the most it takes if a step's time grows evenly with its answers.
   */
  public double seconds(Rates rates) {
    double prompts = promptTokens / (readEverywhere ? rates.texts() : rates.prompts());
    return prompts + writtenTokens / rates.together() + longest / rates.alone();
  }
}
