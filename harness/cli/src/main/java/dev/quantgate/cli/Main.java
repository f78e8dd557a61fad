package dev.quantgate.cli;

/**
 * The program's entry: arguments in, exit code out. It names only what it needs to say so itself,
 * so that an incomplete installation is told in one line too.
 */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    // What is not said otherwise could not run: 1 is for a candidate that lost accuracy alone.
    int exitCode = Failures.COULD_NOT_RUN;
    try {
      Launcher.endWithIt();
      StandardError.restore();
      exitCode = Program.run(arguments);
    } catch (Throwable e) {
      System.err.println("quantgate: %s".formatted(Message.of(e)));
    } finally {
      System.exit(Launcher.told(exitCode));
    }
  }
}
