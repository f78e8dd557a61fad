package dev.quantgate.reports;

import dev.quantgate.sandbox.ExecutionResult.Outcome;
import java.nio.file.Path;
import java.util.List;

/** A result whose prompts, answers and messages try to be obeyed instead of shown. */
public final class Hostile {
  /** Markup, a script's and a comment's end, CDATA's end, what a terminal obeys, turned text. */
  public static final String TEXT =
      "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1> ]]> --> <!--"
          + " \u001b[2J\u001b]0;owned\u0007 \u0000\u0008 \u202egnp.exe\u202c \u2028 \u2029"
          + " ${x} @{data} {0} `code` | [a](javascript:alert(1)) @everyone \ud83d\ude00 \ufffe";

  /** A line of a megabyte. */
  public static final String LONG = "x".repeat(1 << 20);

  private Hostile() {}

  /** The folder of the comparison. */
  public static Path result(Path folder) {
    return SampleResult.compare(folder, run -> fill(run, false), run -> fill(run, true));
  }

  private static void fill(SampleRun run, boolean candidate) {
    for (int i = 0; i < 40; i++) {
      String prompt = "%s %d".formatted(i == 0 ? TEXT : i == 1 ? LONG : "def f():\n", i);
      boolean lost = candidate && i < 3;
      String answer = i == 2 ? LONG.concat(lost ? "b" : "a") : TEXT.concat(lost ? " b" : " a");
      run.program(
          "humaneval",
          prompt,
          answer,
          List.of(1, lost ? 3 : 2),
          lost ? Outcome.FAILED : Outcome.PASSED,
          lost ? "AssertionError: <b>&\u001b[31m" : "");
    }
    for (int i = 0; i < 40; i++) {
      run.question("ceval", "law", TEXT + i, "A", candidate && i == 0 ? -9 : 0, -1, -2, -3);
    }
  }
}
