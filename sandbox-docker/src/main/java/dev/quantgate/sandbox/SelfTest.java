package dev.quantgate.sandbox;

import dev.quantgate.sandbox.SandboxOptions.Checker;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The short test that a sandbox passes before it may score: a right and a wrong program, the
 * imports that completions use, and the canaries of the {@link RedTeam}, with a sentinel at the
 * end. A sandbox that does not claim to keep anything apart need only tell right from wrong.
 */
public final class SelfTest {
  private static final String IMPORTS =
      """
          import collections, copy, dataclasses, datetime, decimal, enum, fractions, functools
          import hashlib, heapq, itertools, json, math, operator, random, re, statistics, string
          import sys, typing
          return a + b
      """;

  private final String kind;
  private final Checker checker;
  private final List<RedTeam.Attack> canaries;

  private SelfTest(String kind, Checker checker, List<RedTeam.Attack> canaries) {
    this.kind = kind;
    this.checker = checker;
    this.canaries = canaries;
  }

  /** The test of a provider's sandboxes. */
  public static SelfTest of(SandboxProvider provider, Checker checker) {
    return new SelfTest(
        provider.kind(),
        checker,
        provider.isolates()
            ? RedTeam.attacks().stream().filter(RedTeam.Attack::canary).toList()
            : List.of());
  }

  /**
   * Runs the test.
   *
   * @throws SandboxException of kind SELF_TEST_FAILED that names what went wrong
   */
  public void require(CodeSandbox sandbox) {
    List<ExecutionJob> jobs = new ArrayList<>();
    // What a machine without walls has in its folders and on its ports is no fault.
    Function<String, ExecutionJob> sentinel =
        canaries.isEmpty()
            ? after -> RedTeam.right("sentinel after %s".formatted(after))
            : RedTeam::sentinel;
    jobs.add(sentinel.apply("the start"));
    jobs.add(RedTeam.wrong("a stub"));
    ExecutionJob plain = RedTeam.sentinel("");
    jobs.add(
        new ExecutionJob(
            "the imports", "", plain.prompt(), IMPORTS, plain.test(), plain.entryPoint()));
    canaries.forEach(each -> jobs.add(each.job()));
    Map<String, ExecutionResult> results = new HashMap<>();
    sandbox.run(jobs, result -> results.put(result.id(), result));
    ExecutionJob last = sentinel.apply("the canaries");
    sandbox.run(List.of(last), result -> results.put(result.id(), result));
    List<String> wrong = new ArrayList<>();
    expect(results, "sentinel after the start", true, wrong);
    expect(results, "a stub", false, wrong);
    expect(results, "the imports", true, wrong);
    for (RedTeam.Attack each : canaries) {
      ExecutionResult result = results.get(each.name());
      if (result == null || !each.accepts(kind, checker, result.outcome())) {
        wrong.add("%s should %s and was %s".formatted(each.name(), each.expected(), shown(result)));
      }
    }
    expect(results, last.id(), true, wrong);
    if (!wrong.isEmpty()) {
      throw new SandboxException(
          SandboxException.Kind.SELF_TEST_FAILED,
          "sandbox %s fails its self-test and may not score: %s"
              .formatted(kind, String.join("; ", wrong)));
    }
  }

  private static void expect(
      Map<String, ExecutionResult> results, String id, boolean pass, List<String> wrong) {
    ExecutionResult result = results.get(id);
    boolean right =
        result != null
            && result.outcome().judged()
            && pass == (result.outcome() == ExecutionResult.Outcome.PASSED);
    if (!right) {
      wrong.add("%s should %s and was %s".formatted(id, pass ? "PASS" : "FAIL", shown(result)));
    }
  }

  private static String shown(@org.jspecify.annotations.Nullable ExecutionResult result) {
    return result == null
        ? "never answered"
        : result.outcome() + (result.detail().isEmpty() ? "" : " (" + result.detail() + ")");
  }
}
