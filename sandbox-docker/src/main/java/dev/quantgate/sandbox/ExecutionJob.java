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
          "(?:\\s*(?:#.*)?\\n)*(def|class) ([^\\W\\d]\\w*)\\s*[(:].*",
          Pattern.DOTALL | Pattern.UNICODE_CHARACTER_CLASS);

  /**
   * What stands in for the function or class that the test begins with, as "def check(*args,
   * **kwargs):"; empty where it begins with something else. A completion that ends in a decorator
   * decorates that.
   */
  public String testBeginsWith() {
    Matcher matcher = DEFINITION.matcher(test);
    if (!matcher.matches()) {
      return "";
    }
    return matcher.group(1).equals("def")
        ? "def %s(*args, **kwargs):".formatted(matcher.group(2))
        : "class %s:".formatted(matcher.group(2));
  }
}
