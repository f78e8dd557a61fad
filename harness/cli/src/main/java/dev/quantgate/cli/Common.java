package dev.quantgate.cli;

import picocli.CommandLine.Option;

/** What every command that works for a while takes. */
final class Common {
  @Option(
      names = {"-q", "--quiet"},
      description = "no progress, only the result")
  boolean quiet;

  @Option(names = "--verbose", description = "print where an error happened")
  boolean verbose;
}
