package dev.quantgate.evaluation.record;

/**
 * Why an item has no grade. Never a wrong answer: it is left out of both sides' pairs, counted and
 * listed.
 */
public record Fault(Category category, String message) {

  /** The causes, so that they can be counted. */
  public enum Category {
    /** Prompt and answer do not fit the model's context. */
    TOO_LONG,
    /** The model computed NaN or infinity. */
    NON_FINITE,
    /** A choice has no tokens of its own behind its prompt. */
    UNSCORABLE,
    /** A served model sent something that is no answer. */
    BROKEN_REPLY,
    /** A recording has no answer for the item. */
    MISSING,
    /** A completion needs what the sandbox cannot give. */
    UNSUPPORTED,
    /** The sandbox failed, and failed again. */
    SANDBOX_ERROR
  }
}
