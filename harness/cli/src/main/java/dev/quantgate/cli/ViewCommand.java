package dev.quantgate.cli;

import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.reports.ReportServer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The report in a browser, on this machine alone. */
@Command(
    name = "view",
    description = "Shows a result in a browser, and a run that is still going on.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {"", "Serves on the loopback address until it is stopped (Ctrl-C)."})
final class ViewCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin Common common = new Common();

  @Parameters(index = "0", paramLabel = "DIR", description = "folder of a run or a comparison")
  Path result = Path.of("");

  @Option(names = "--port", paramLabel = "N", description = "port (default: any that is free)")
  int port;

  @Option(names = "--no-open", description = "print the address, open no browser")
  boolean noOpen;

  @Override
  public Integer call() throws InterruptedException {
    if (!Files.isDirectory(result)) {
      throw new EvaluationException(
          EvaluationException.Kind.INPUT,
          "%s: expected the folder of a run or a comparison, found %s"
              .formatted(result, Files.exists(result) ? "a file" : "nothing"));
    }
    Failures.checked(spec, () -> requirePort(port));
    try (var server = ReportServer.start(result, port)) {
      spec.commandLine().getOut().printf("%s shows %s; Ctrl-C ends it%n", server.address(), result);
      spec.commandLine().getOut().flush();
      if (!noOpen) {
        open(server.address());
      }
      Thread.currentThread().join();
      return 0;
    }
  }

  private static int requirePort(int port) {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("--port: expected 0 to 65535, found %d".formatted(port));
    }
    return port;
  }

  /** Asks the desktop; without one the address that was printed is what there is. */
  private static void open(URI address) {
    String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    List<String> command =
        system.contains("mac")
            ? List.of("open", address.toString())
            : system.contains("win")
                ? List.of("rundll32", "url.dll,FileProtocolHandler", address.toString())
                : List.of("xdg-open", address.toString());
    try {
      new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start();
    } catch (IOException e) {
      // No desktop here; the address is on the screen.
    }
  }
}
