package dev.quantgate.cli;

import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Turns what went wrong into one or two lines and exit code 2. A stack trace is for {@code
 * --verbose}.
 */
final class Failures {
  /** Invalid input, or could not run. Never 1, which says that accuracy was lost. */
  static final int COULD_NOT_RUN = 2;

  private Failures() {}

  static int onBadArguments(ParameterException failure, String[] arguments) {
    CommandLine command = failure.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("quantgate: " + failure.getMessage());
    if (!UnmatchedArgumentException.printSuggestions(failure, err)) {
      err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    }
    return COULD_NOT_RUN;
  }

  static int onFailure(Exception failure, CommandLine command, ParseResult parsed) {
    PrintWriter err = command.getErr();
    err.println("quantgate: " + describe(failure));
    if (verbose(parsed)) {
      failure.printStackTrace(err);
    } else if (isUnexpected(failure)) {
      err.println("This is a defect of QuantGate; --verbose prints where it happened.");
    }
    return COULD_NOT_RUN;
  }

  private static String describe(Exception failure) {
    String message = failure.getMessage();
    if (isUnexpected(failure) || message == null || message.isBlank()) {
      return failure.getClass().getSimpleName() + (message == null ? "" : ": " + message);
    }
    return message.strip();
  }

  /**
   * Exceptions of the project's own and of file access carry a message for people; others do not.
   */
  private static boolean isUnexpected(Exception failure) {
    return !failure.getClass().getName().startsWith("dev.quantgate.")
        && !(failure instanceof java.io.IOException)
        && !(failure instanceof java.io.UncheckedIOException);
  }

  private static boolean verbose(ParseResult parsed) {
    ParseResult last = parsed;
    while (last.hasSubcommand()) {
      last = last.subcommand();
    }
    return List.of(last, parsed).stream().anyMatch(result -> result.hasMatchedOption("--verbose"));
  }
}
