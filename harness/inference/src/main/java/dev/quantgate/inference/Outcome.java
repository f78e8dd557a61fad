package dev.quantgate.inference;

/** What became of one request: an answer, or a fault with its category. */
public sealed interface Outcome<T> {

  /** The request was answered. */
  record Answered<T>(T value) implements Outcome<T> {}

  /** The request could not be answered; the other requests of the call are not concerned. */
  record Faulted<T>(Fault fault, String message) implements Outcome<T> {}

  /** Why a single request could not be answered. Never a wrong answer, always counted. */
  enum Fault {
    /** The prompt and what it asks for do not fit the model's context. */
    TOO_LONG,
    /** A logit was NaN or infinite. */
    NON_FINITE,
    /** Nothing stands before the continuation, or it adds no token of its own to the prompt. */
    UNSCORABLE,
    /** A served model sent something that is no valid answer. */
    BROKEN_REPLY
  }

  /** The answer, or an {@link InferenceException} that says why there is none. */
  default T orThrow() {
    return switch (this) {
      case Answered<T>(T value) -> value;
      case Faulted<T>(Fault fault, String message) ->
          throw new InferenceException(
              InferenceException.Kind.ITEM, "%s: %s".formatted(fault, message));
    };
  }

  /** Stands for an outcome that an engine failed to hand over. */
  static <T> Outcome<T> missing() {
    return new Faulted<>(Fault.BROKEN_REPLY, "the engine handed over no result");
  }
}
