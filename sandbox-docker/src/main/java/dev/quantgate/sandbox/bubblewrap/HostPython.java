package dev.quantgate.sandbox.bubblewrap;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.exec.CommandLine;
import org.apache.commons.exec.DefaultExecutor;
import org.apache.commons.exec.ExecuteWatchdog;
import org.apache.commons.exec.PumpStreamHandler;

/**
 * This machine's Python.
 *
 * @param executable its real path
 * @param prefix the folder that holds it and its library
 */
record HostPython(String executable, String prefix) {
  private static final String QUESTION =
      "import os,sys;assert sys.version_info>=(3,10) and hasattr(os,'memfd_create');"
          + "print(os.path.realpath(sys.executable));print(os.path.realpath(sys.base_prefix))";

  static boolean isLinux() {
    return System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux");
  }

  /** The system's own first, because every user can run it; then what the PATH says. */
  static Optional<HostPython> find() {
    List<Path> candidates = new ArrayList<>(List.of(Path.of("/usr/bin/python3")));
    onPath("python3").ifPresent(candidates::add);
    for (Path candidate : candidates) {
      if (Files.isExecutable(candidate)) {
        Optional<List<String>> answer = ask(candidate.toString(), "-I", "-c", QUESTION);
        if (answer.isPresent() && answer.get().size() == 2) {
          return Optional.of(new HostPython(answer.get().get(0), answer.get().get(1)));
        }
      }
    }
    return Optional.empty();
  }

  static Optional<Path> onPath(String program) {
    return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(java.io.File.pathSeparator))
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** The lines that a short command prints, if it succeeds. */
  static Optional<List<String>> ask(String program, String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    DefaultExecutor executor = DefaultExecutor.builder().get();
    executor.setStreamHandler(
        new PumpStreamHandler(
            out, java.io.OutputStream.nullOutputStream(), InputStream.nullInputStream()));
    executor.setWatchdog(ExecuteWatchdog.builder().setTimeout(Duration.ofSeconds(10)).get());
    CommandLine line = new CommandLine(program);
    line.addArguments(arguments, false);
    try {
      executor.execute(line);
      return Optional.of(out.toString(StandardCharsets.UTF_8).lines().toList());
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
