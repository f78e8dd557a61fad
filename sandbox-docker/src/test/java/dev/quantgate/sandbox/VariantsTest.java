package dev.quantgate.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.sandbox.SandboxOptions.Checker;
import dev.quantgate.sandbox.worker.Problems;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Every checker of every kind that works here says the same of each variant. A verdict must not
 * hang on the clock: the first kind has the benchmark's CPU time, and what uses that up is left out
 * for all; the others have several times as much.
 */
@Timeout(7200)
class VariantsTest {
  /** How many variants are judged; a build takes a sample, `-Dquantgate.variants=2500` many. */
  private static final int COUNT = Integer.getInteger("quantgate.variants", 40);

  private static List<ExecutionJob> solutions() {
    return Problems.humanEval(Problems.humanEval(), Problems::canonical);
  }

  @Test
  void thereAreThousandsOfVariantsAndTheirIdsAreTheirOwn() {
    List<ExecutionJob> all = Variants.all(solutions());
    assertThat(all).hasSizeGreaterThan(4000);
    assertThat(all).extracting(ExecutionJob::id).doesNotHaveDuplicates();
    assertThat(all).extracting(ExecutionJob::completion).doesNotContain("");
  }

  /** So many seconds of CPU time, and wall time that no busy machine uses up. */
  private static Limits limits(int seconds) {
    Limits usual = Limits.defaults();
    return new Limits(
        Duration.ofSeconds(20 * seconds),
        Duration.ofSeconds(seconds),
        usual.memoryBytes(),
        usual.processes(),
        usual.fileBytes(),
        usual.outputBytes(),
        usual.frameBytes(),
        60);
  }

  @Test
  void everyKindAndCheckerGivesTheSameVerdict() {
    List<ExecutionJob> variants = Variants.sample(solutions(), COUNT, 11);
    int asked = variants.size();
    Map<String, Map<String, ExecutionResult>> verdicts = new HashMap<>();
    List<String> order = new ArrayList<>();
    for (SandboxProvider provider : Sandboxes.all()) {
      if (provider.preference() < 0 || provider.unavailable().isPresent()) {
        continue;
      }
      for (Checker checker : List.of(Checker.SPLIT, Checker.OFFICIAL)) {
        SandboxOptions options =
            new SandboxOptions(
                SandboxOptions.defaults().workers(), checker, limits(order.isEmpty() ? 3 : 12));
        Map<String, ExecutionResult> results = new HashMap<>();
        try (CodeSandbox sandbox = provider.start(options)) {
          sandbox.run(variants, result -> results.put(result.id(), result));
        } catch (SandboxException e) {
          if (e.kind() == SandboxException.Kind.UNAVAILABLE) {
            continue;
          }
          throw e;
        }
        String name = provider.kind() + " " + checker;
        if (order.isEmpty()) {
          variants =
              variants.stream()
                  .filter(each -> {
                    ExecutionResult result = results.get(each.id());
                    return result == null || result.outcome() != ExecutionResult.Outcome.TIMEOUT;
                  })
                  .toList();
          assertThat(asked - variants.size())
              .as("variants without an end, of %s", asked)
              .isLessThanOrEqualTo(Math.max(4, asked / 10));
          results.values().removeIf(each -> each.outcome() == ExecutionResult.Outcome.TIMEOUT);
        }
        order.add(name);
        verdicts.put(name, results);
      }
    }
    assertThat(order).hasSizeGreaterThanOrEqualTo(2);
    SoftAssertions softly = new SoftAssertions();
    for (String name : order.subList(1, order.size())) {
      softly
          .assertThat(
              Variants.differences(
                  verdicts.getOrDefault(order.getFirst(), Map.of()),
                  verdicts.getOrDefault(name, Map.of()),
                  COUNT / 8))
          .as("%s against %s", order.getFirst(), name)
          .isEmpty();
    }
    softly.assertAll();
    System.out.printf(
        "%,d variants, %,d of them without an end left out; the same verdicts by: %s%n",
        asked, asked - variants.size(), String.join(", ", order));
  }
}
