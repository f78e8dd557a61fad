package dev.quantgate.cli;

import dev.quantgate.base.ErrorKind;
import dev.quantgate.base.Nearest;
import dev.quantgate.base.PlainText;
import dev.quantgate.base.QuantGateException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Collection;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Turns what went wrong into one or two lines and exit code 2. Its details and its stack trace are
 * for {@code --verbose}.
 */
final class Failures {
  /** Invalid input, or could not run. Never 1, which says that accuracy was lost. */
  static final int COULD_NOT_RUN = 2;

  private Failures() {}

  static int onBadArguments(ParameterException failure) {
    CommandLine command = failure.getCommandLine();
    PrintWriter err = command.getErr();
    String message =
        failure instanceof UnmatchedArgumentException unknown
            ? unknown(unknown.getUnmatched().getFirst(), command)
            : String.valueOf(failure.getMessage());
    err.println("quantgate: %s".formatted(PlainText.lines(message)));
    err.println("Try '%s --help'.".formatted(command.getCommandSpec().qualifiedName()));
    return COULD_NOT_RUN;
  }

  /** A word that the parser could place nowhere, and the one that was probably meant. */
  private static String unknown(String word, CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    String name = word.replaceFirst("=.*", "");
    if (word.startsWith("-")) {
      return "%s has no flag \"%s\"%s"
          .formatted(spec.qualifiedName(), name, Nearest.hint(name, spec.optionsMap().keySet()));
    }
    return spec.subcommands().isEmpty()
        ? "%s has no use for \"%s\"".formatted(spec.qualifiedName(), word)
        : "%s has no command \"%s\"%s"
            .formatted(spec.qualifiedName(), word, Nearest.hint(word, spec.subcommands().keySet()));
  }

  /** What a command that only holds others says where none is named: nothing was done. */
  static int withoutCommand(CommandSpec spec) {
    spec.commandLine().usage(spec.commandLine().getErr());
    return COULD_NOT_RUN;
  }

  static int onFailure(Throwable failure, CommandLine command) {
    PrintWriter err = command.getErr();
    err.println("quantgate: %s".formatted(PlainText.lines(Message.of(failure))));
    if (isVerbose(command)) {
      if (failure instanceof QuantGateException ours) {
        ours.details().forEach(err::println);
      }
      var trace = new StringWriter();
      failure.printStackTrace(new PrintWriter(trace));
      err.print(PlainText.lines(trace.toString()));
    } else if (ErrorKind.of(failure) == ErrorKind.DEFECT) {
      err.println("This is a defect of QuantGate; --verbose prints where it happened.");
    }
    return COULD_NOT_RUN;
  }

  /** What must be said, typed or configured. */
  static <T> T required(CommandSpec command, String flag, @Nullable T said) {
    if (said == null) {
      throw new ParameterException(command.commandLine(), "missing: %s".formatted(flag));
    }
    return said;
  }

  /**
   * Makes a request of what was said. Its records refuse values that cannot be, in words for
   * people, but do not know that a person said them.
   */
  static <T> T checked(CommandSpec command, Supplier<T> request) {
    try {
      return request.get();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Refuses flags that were typed and would be passed over. What the environment or a file says is
   * for whatever has a use for it, and is passed over in silence.
   *
   * @param because why they say nothing here, such as "is for --align QUESTIONS alone"
   */
  static void refuseTyped(CommandSpec command, String because, Collection<String> flags) {
    var parsed = command.commandLine().getParseResult();
    flags.stream()
        .filter(flag -> command.findOption(flag) != null && parsed.hasMatchedOption(flag))
        .findFirst()
        .ifPresent(flag -> {
          throw new ParameterException(
              command.commandLine(), "%s %s; leave it out".formatted(flag, because));
        });
  }

  private static boolean isVerbose(CommandLine command) {
    OptionSpec flag = command.getCommandSpec().findOption("--verbose");
    return flag != null && Boolean.TRUE.equals(flag.getValue());
  }
}
