package dev.quantgate.evaluation.protocol;

/** What decides whether an answer is right. */
public enum Metric {
  /** The right one of several choices was taken: by log-probabilities, or named in a text. */
  CHOICE,
  /** What is extracted from the text equals the expected answer. */
  EXACT_MATCH,
  /** The program that was written passes its test in a sandbox. */
  PROGRAM
}
