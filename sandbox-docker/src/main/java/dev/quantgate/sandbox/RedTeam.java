package dev.quantgate.sandbox;

import dev.quantgate.sandbox.SandboxOptions.Checker;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The red team: programs that try to be called right without being it, to get out, to stay, or to
 * be called wrong although they are right. They lie in the resource {@code red-team.txt}, whose
 * head explains its form.
 */
public final class RedTeam {
  private static final String RESOURCE = "red-team.txt";
  private static final Pattern HEAD =
      Pattern.compile("=== ([a-z0-9_]+) \\| (pass|fail) \\| ([a-z]+)(?: \\| (.*))?");

  /** The heading of the next section, at the end of a program. */
  private static final Pattern SECTION = Pattern.compile("(?s)(?<=\\n)---- .*");

  private static final Pattern REPEAT = Pattern.compile("<<(.*?)\\*(\\d+)>>", Pattern.DOTALL);
  private static final Pattern CODE_POINT = Pattern.compile("<<U\\+([0-9A-F]{4,6})>>");

  private static final String SENTINEL =
      """
          import math, os, random, sys
          if random.randint(7, 7) != 7 or math.sqrt(4) != 2 or print is None or len([0]) != 1:
              return "a changed interpreter"
          for folder in ("/tmp", "/dev/shm"):
              try:
                  if os.listdir(folder):
                      return "files"
              except OSError:
                  pass
          for kind in ("shm", "sem", "msg"):
              try:
                  with open("/proc/sysvipc/" + kind) as table:
                      if len(table.readlines()) > 1:
                          return "System V memory"
              except OSError:
                  pass
          try:
              import socket
              for family, address in (
                  (socket.AF_INET, ("127.0.0.1", 47777)),
                  (socket.AF_UNIX, "\\0quantgate-left"),
              ):
                  with socket.socket(family) as s:
                      if s.connect_ex(address) == 0:
                          return "a listener"
          except (OSError, ImportError, AttributeError):
              pass
          return a + b
      """;

  private RedTeam() {}

  /** Which verdict is right. */
  public enum Expected {
    /** A correct program that a clumsy sandbox fails. */
    PASS,
    /** Anything that was judged and is not a pass. */
    FAIL
  }

  /**
   * One program.
   *
   * @param name its name
   * @param expected the right verdict
   * @param category the kind of program
   * @param unsupportedBy sandboxes that may call it UNSUPPORTED
   * @param canary whether the short self-test runs it
   * @param forges whether it wins where a candidate's own process judges
   * @param problem the problem that it answers: "add", or "sort", which sorts its argument in place
   * @param completion the program
   */
  public record Attack(
      String name,
      Expected expected,
      String category,
      Set<String> unsupportedBy,
      boolean canary,
      boolean forges,
      String problem,
      String completion) {

    /** The job that runs it. */
    public ExecutionJob job() {
      return RedTeam.job(name, problem, completion);
    }

    /** Whether an outcome is the right one, from a sandbox of a kind. */
    public boolean accepts(String kind, Checker checker, ExecutionResult.Outcome outcome) {
      if (outcome == ExecutionResult.Outcome.UNSUPPORTED) {
        return unsupportedBy.contains(kind);
      }
      if (checker == Checker.OFFICIAL && forges) {
        return outcome.judged();
      }
      return expected == Expected.PASS
          ? outcome == ExecutionResult.Outcome.PASSED
          : outcome.judged() && outcome != ExecutionResult.Outcome.PASSED;
    }
  }

  /**
   * A correct program that must pass after every attack: it answers wrong if it finds what another
   * job left in the temporary folders, in System V memory, on a port, under an abstract name or in
   * its interpreter.
   */
  public static ExecutionJob sentinel(String after) {
    return job("sentinel after %s".formatted(after), "add", SENTINEL);
  }

  /** A right program that looks at nothing else. */
  static ExecutionJob right(String id) {
    return job(id, "add", "    return a + b\n");
  }

  /** A wrong program. */
  static ExecutionJob wrong(String id) {
    return job(id, "add", "    pass\n");
  }

  private static ExecutionJob job(String id, String problem, String completion) {
    return switch (problem) {
      case "add" ->
          new ExecutionJob(
              id,
              "",
              "def add(a, b):\n    \"\"\"Returns the sum of two numbers.\"\"\"\n",
              completion,
              """
              import random


              def check(candidate):
                  assert candidate(1, 2) == 3
                  assert candidate(-5, 5) == 0
                  for _ in range(3):
                      a, b = random.randint(0, 10**6), random.randint(0, 10**6)
                      assert candidate(a, b) == a + b
                  assert candidate(10**30, 1) == 10**30 + 1
              """,
              "add");
      case "sort" ->
          new ExecutionJob(
              id,
              "",
              "def sort(values):\n    \"\"\"Sorts a list in place.\"\"\"\n",
              completion,
              """
              def check(candidate):
                  values, inner = [3, 1, 2], [[2], [1]]
                  first = inner[1]
                  candidate(values)
                  assert values == [1, 2, 3]
                  candidate(inner)
                  assert inner == [[1], [2]]
              """,
              "sort");
      default -> throw new IllegalArgumentException("no problem is called %s".formatted(problem));
    };
  }

  /** All programs, in the order of the file. */
  public static List<Attack> attacks() {
    try (InputStream in = RedTeam.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException("the resource " + RESOURCE + " is missing from the jar");
      }
      return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Some of them, the same ones for the same seed, in the order of the file.
   *
   * @param count how many; at least 1, and no more than there are
   */
  public static List<Attack> sample(int count, long seed) {
    return sample(attacks(), count, seed);
  }

  /** The same of some of them. */
  public static List<Attack> sample(List<Attack> all, int count, long seed) {
    if (count < 1 || count > all.size()) {
      throw new IllegalArgumentException(
          "expected a sample of 1 to %d attacks, found %d".formatted(all.size(), count));
    }
    List<Attack> shuffled = new ArrayList<>(all);
    Collections.shuffle(shuffled, new Random(seed));
    Set<Attack> taken = Set.copyOf(shuffled.subList(0, count));
    return all.stream().filter(taken::contains).toList();
  }

  /** Those that are correct, in order: what a clumsy sandbox, or a busy machine, would fail. */
  public static List<Attack> correct() {
    return attacks().stream().filter(each -> each.expected() == Expected.PASS).toList();
  }

  static List<Attack> parse(String text) {
    List<Attack> attacks = new ArrayList<>();
    Set<String> names = new LinkedHashSet<>();
    String[] parts = text.split("(?m)^(?==== )");
    for (String part : parts) {
      int line = part.indexOf('\n');
      String head = line < 0 ? part : part.substring(0, line);
      if (!head.startsWith("=== ")) {
        continue;
      }
      Matcher matcher = HEAD.matcher(head);
      if (!matcher.matches() || !names.add(matcher.group(1))) {
        throw new IllegalStateException(
            "%s: expected '=== name | pass or fail | category | flags', each name once, found: %s"
                .formatted(RESOURCE, head));
      }
      String flags = matcher.group(4) == null ? "" : matcher.group(4);
      Set<String> unsupported = new LinkedHashSet<>();
      for (String flag : flags.split(" ")) {
        if (flag.startsWith("unsupported=")) {
          unsupported.addAll(List.of(flag.substring("unsupported=".length()).split(",")));
        } else if (!Set.of("", "canary", "forges", "sort").contains(flag)) {
          throw new IllegalStateException(
              "%s: unknown flag '%s' in: %s".formatted(RESOURCE, flag, head));
        }
      }
      attacks.add(
          new Attack(
              matcher.group(1),
              matcher.group(2).equals("pass") ? Expected.PASS : Expected.FAIL,
              matcher.group(3),
              unsupported,
              flags.contains("canary"),
              flags.contains("forges"),
              flags.contains("sort") ? "sort" : "add",
              expand(SECTION.matcher(part.substring(line + 1)).replaceFirst(""))));
    }
    return attacks;
  }

  /** Replaces {@code <<text*n>>} by n times the text and {@code <<U+XXXX>>} by that UTF-16 unit. */
  private static String expand(String program) {
    String text = program.stripTrailing() + "\n";
    text =
        CODE_POINT
            .matcher(text)
            .replaceAll(m -> {
              int value = Integer.parseInt(m.group(1), 16);
              String unit =
                  value <= 0xFFFF ? String.valueOf((char) value) : Character.toString(value);
              return Matcher.quoteReplacement(unit);
            });
    return REPEAT
        .matcher(text)
        .replaceAll(m -> Matcher.quoteReplacement(m.group(1).repeat(Integer.parseInt(m.group(2)))));
  }
}
