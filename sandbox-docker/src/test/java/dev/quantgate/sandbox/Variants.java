package dev.quantgate.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.sandbox.ExecutionResult.Outcome;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes thousands of programs out of known solutions: operators and constants mutated one at a
 * time, and results wrapped in 25 other types. Most are wrong, some are right by luck; what matters
 * is that every checker says the same of each.
 */
public final class Variants {
  private static final List<String[]> MUTATIONS =
      List.of(
          new String[] {" + ", " - "},
          new String[] {" - ", " + "},
          new String[] {" * ", " + "},
          new String[] {" // ", " * "},
          new String[] {" % ", " // "},
          new String[] {" < ", " <= "},
          new String[] {" <= ", " < "},
          new String[] {" > ", " >= "},
          new String[] {" >= ", " > "},
          new String[] {" == ", " != "},
          new String[] {" != ", " == "},
          new String[] {" and ", " or "},
          new String[] {" or ", " and "},
          new String[] {"True", "False"},
          new String[] {"False", "True"},
          new String[] {"not ", ""},
          new String[] {"0", "1"},
          new String[] {"1", "2"},
          new String[] {"2", "3"},
          new String[] {"sorted(", "list("},
          new String[] {"max(", "min("},
          new String[] {"min(", "max("},
          new String[] {"append(", "remove("},
          new String[] {"return ", "pass; "},
          new String[] {"''", "None"});

  /** Each an expression of {@code r}, what the solution returned. */
  private static final List<String> WRAPPERS =
      List.of(
          "r",
          "list(r)",
          "tuple(r)",
          "set(r)",
          "iter(r)",
          "str(r)",
          "float(r)",
          "int(r)",
          "bool(r)",
          "complex(r)",
          "[r]",
          "(r,)",
          "{r: r}",
          "type('Sub', (type(r),), {})(r)",
          "__import__('fractions').Fraction(r)",
          "__import__('decimal').Decimal(str(r))",
          "__import__('collections').deque(r)",
          "__import__('collections').UserList(r)",
          "__import__('collections').OrderedDict(r)",
          "(each for each in r)",
          "dict(r).items()",
          "dict(r)",
          "frozenset(r)",
          "bytes(str(r), 'utf-8')",
          "r and r",
          "None");

  private Variants() {}

  /** Every variant of every solution, in a fixed order, with ids of its own. */
  public static List<ExecutionJob> all(List<ExecutionJob> solutions) {
    List<ExecutionJob> variants = new ArrayList<>();
    for (ExecutionJob job : solutions) {
      for (String[] mutation : MUTATIONS) {
        Matcher matcher = Pattern.compile(Pattern.quote(mutation[0])).matcher(job.completion());
        for (int nth = 0; nth < 3 && matcher.find(); nth++) {
          String mutant =
              job.completion().substring(0, matcher.start())
                  + mutation[1]
                  + job.completion().substring(matcher.end());
          variants.add(
              with(job, mutation[0].strip() + " to " + mutation[1].strip() + " #" + nth, mutant));
        }
      }
      for (String wrapper : WRAPPERS) {
        String name = job.entryPoint();
        String text =
            job.completion()
                + "\n\n_solution = "
                + name
                + "\n\ndef "
                + name
                + "(*args):\n    r = _solution(*args)\n    return "
                + wrapper
                + "\n";
        variants.add(with(job, "as " + wrapper, text));
      }
    }
    return variants;
  }

  private static ExecutionJob with(ExecutionJob job, String what, String completion) {
    return new ExecutionJob(
        job.id() + " " + what,
        job.prelude(),
        job.prompt(),
        completion,
        job.test(),
        job.entryPoint());
  }

  /** A seeded sample of them. */
  public static List<ExecutionJob> sample(List<ExecutionJob> solutions, int count, long seed) {
    List<ExecutionJob> variants = new ArrayList<>(all(solutions));
    Collections.shuffle(variants, new Random(seed));
    return List.copyOf(variants.subList(0, Math.min(count, variants.size())));
  }

  /**
   * Of which variants one side says passed and the other does not. Fails unless both judged the
   * same variants, all of them, and enough passed and failed to say anything.
   */
  public static List<String> differences(
      Map<String, ExecutionResult> left, Map<String, ExecutionResult> right, int atLeastPassed) {
    assertThat(left.keySet()).isEqualTo(right.keySet());
    List<String> different = new ArrayList<>();
    int passed = 0;
    for (String id : left.keySet()) {
      ExecutionResult one = Objects.requireNonNull(left.get(id), id);
      ExecutionResult other = Objects.requireNonNull(right.get(id), id);
      passed += one.outcome() == Outcome.PASSED ? 1 : 0;
      if ((one.outcome() == Outcome.PASSED) != (other.outcome() == Outcome.PASSED)) {
        different.add(id + "\n  " + one + "\n  " + other);
      }
      assertThat(one.outcome().judged() && other.outcome().judged()).as(id).isTrue();
    }
    assertThat(passed).isGreaterThanOrEqualTo(atLeastPassed);
    assertThat(left.size() - passed).isGreaterThan(left.size() / 4);
    return different;
  }
}
