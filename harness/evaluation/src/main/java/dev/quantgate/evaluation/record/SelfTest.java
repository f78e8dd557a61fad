package dev.quantgate.evaluation.record;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * A check of the harness by itself, made before its verdict is relied on.
 *
 * @param suite whose items it took
 * @param items how many it took; 0 where it was not run
 * @param flips items that came out otherwise than they must; empty where it was not run
 * @param detail one line for people: what was found, or why it was not run
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record SelfTest(
    Kind kind, String suite, Status status, int items, OptionalInt flips, String detail) {

  /** One that was run: it passed where nothing flipped. */
  public static SelfTest run(Kind kind, String suite, int items, int flips, String detail) {
    return new SelfTest(
        kind,
        suite,
        flips == 0 ? Status.PASSED : Status.FAILED,
        items,
        OptionalInt.of(flips),
        detail);
  }

  /** One that was not run, and why. */
  public static SelfTest notRun(Kind kind, String suite, String why) {
    return new SelfTest(kind, suite, Status.NOT_RUN, 0, OptionalInt.empty(), why);
  }

  /** What is checked. */
  public enum Kind {
    /** The baseline against itself, in another order and batch size (A/A): nothing may flip. */
    BASELINE_TWICE,
    /** Canonical solutions must pass in the sandbox, and stubs must not. */
    SANDBOX,
    /** The right answers, graded as if a model had given them, must score 100 %. */
    GOLD_ANSWERS,
    /** The share that guessing gets must be known. */
    CHANCE;

    @JsonValue
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** How it ended. */
  public enum Status {
    PASSED,
    FAILED,
    NOT_RUN;

    @JsonValue
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }
}
