package dev.quantgate.sandbox;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One completion to execute and check. How the parts become programs is the sandbox's business.
 *
 * @param id the caller's name for the job, unique in a call
 * @param prelude imports put before everything, empty for the layout of openai/human-eval
 * @param prompt the problem's text: signature and docstring
 * @param completion what the model wrote behind it
 * @param test the problem's test: a program that defines {@code check(candidate)}
 * @param entryPoint the name of the function that {@code check} is given
 */
public record ExecutionJob(
    String id, String prelude, String prompt, String completion, String test, String entryPoint) {
  private static final Pattern DEFINITION =
      Pattern.compile(
          "((?:\\s*(?:#.*)?\\n)*)(def|class) ([^\\W\\d]\\w*)\\s*[(:].*",
          Pattern.DOTALL | Pattern.UNICODE_CHARACTER_CLASS);

  /**
   * What stands in for the function or class that the test begins with, as "def check(*args,
   * **kwargs):", after an empty line where the test has lines before it; empty where it begins with
   * something else. A completion that ends in a decorator decorates that, and one that ends in a
   * backslash goes on with it.
   */
  public String testBeginsWith() {
    Matcher matcher = DEFINITION.matcher(test);
    if (!matcher.matches()) {
      return "";
    }
    String before = matcher.group(1).isEmpty() ? "" : "\n";
    return matcher.group(2).equals("def")
        ? "%sdef %s(*args, **kwargs):".formatted(before, matcher.group(3))
        : "%sclass %s:".formatted(before, matcher.group(3));
  }
}
