package dev.quantgate.sandbox.docker;

import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxException.Kind;
import dev.quantgate.sandbox.worker.FailureLine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.exec.CommandLine;
import org.apache.commons.exec.DefaultExecutor;
import org.apache.commons.exec.ExecuteWatchdog;
import org.apache.commons.exec.PumpStreamHandler;

/**
 * A container engine behind its command-line client.
 *
 * @param client the client's name or path, {@code docker} or {@code podman}
 * @param environment variables given to the client on top of this process's own
 */
record Engine(String client, Map<String, String> environment) {
  static final Duration QUICK = Duration.ofSeconds(10);
  private static final int MAX_OUTPUT_BYTES = 1 << 18;
  private static final int TIMED_OUT = -1;
  private static final int NOT_FOUND = -2;

  Engine {
    environment = Map.copyOf(environment);
  }

  /** Whether it is Podman, whose options are Docker's but for a few. */
  boolean isPodman() {
    return client.substring(client.lastIndexOf('/') + 1).startsWith("podman");
  }

  /** What a one-shot command gave. */
  record Answer(int exit, String out, String err) {
    boolean ok() {
      return exit == 0;
    }

    /** The last line that the client said of its failure. */
    String complaint() {
      String said = FailureLine.of(err.isBlank() ? out : err);
      String last = said.isEmpty() ? "no reason given" : said;
      return last.length() <= 400 ? last : last.substring(0, 400) + " ...";
    }
  }

  /** Runs a one-shot command; never throws for what the engine does, only says how it went. */
  Answer run(Duration limit, String... arguments) {
    return run(limit, InputStream.nullInputStream(), arguments);
  }

  Answer run(Duration limit, InputStream input, String... arguments) {
    CommandLine line = new CommandLine(client);
    line.addArguments(arguments, false);
    Capped out = new Capped();
    Capped err = new Capped();
    DefaultExecutor executor = DefaultExecutor.builder().get();
    executor.setStreamHandler(new PumpStreamHandler(out, err, input));
    executor.setExitValues(null);
    ExecuteWatchdog watchdog = ExecuteWatchdog.builder().setTimeout(limit).get();
    executor.setWatchdog(watchdog);
    try {
      int exit = executor.execute(line, fullEnvironment());
      if (watchdog.killedProcess()) {
        return new Answer(
            TIMED_OUT,
            "",
            "%s %s did not answer within %s s".formatted(client, arguments[0], limit.toSeconds()));
      }
      return new Answer(exit, out.text(), err.text());
    } catch (IOException e) {
      if (watchdog.killedProcess()) {
        return new Answer(
            TIMED_OUT,
            "",
            "%s %s did not answer within %s s".formatted(client, arguments[0], limit.toSeconds()));
      }
      return new Answer(NOT_FOUND, "", "%s cannot be run: %s".formatted(client, e.getMessage()));
    }
  }

  /** Starts a command with pipes. */
  Process start(List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(client);
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    try {
      return builder.start();
    } catch (IOException e) {
      throw new SandboxException(
          Kind.UNAVAILABLE, "%s cannot be run: %s".formatted(client, e.getMessage()), e);
    }
  }

  private Map<String, String> fullEnvironment() {
    Map<String, String> all = new java.util.HashMap<>(System.getenv());
    all.putAll(environment);
    return all;
  }

  /**
   * Why the engine does not answer, in one line that says what to do; empty when it does. The
   * wording of the client's own complaint decides among the usual reasons.
   */
  Optional<String> silence() {
    Answer answer = run(QUICK, "version", "--format", "{{.Server.Version}}");
    if (answer.ok() && !answer.out().isBlank()) {
      return Optional.empty();
    }
    String said = answer.complaint();
    String lower = said.toLowerCase(Locale.ROOT);
    if (answer.exit() == NOT_FOUND) {
      return Optional.of(
          "no %s client on the PATH; install Docker Engine or Podman".formatted(client));
    }
    if (lower.contains("permission denied")) {
      return Optional.of(
          ("no permission to talk to the %s engine: %s; add this user to the docker group or "
                  + "use a rootless engine")
              .formatted(client, said));
    }
    if (answer.exit() == TIMED_OUT) {
      return Optional.of(said + where());
    }
    if (lower.contains("cannot connect")
        || lower.contains("connection refused")
        || lower.contains("no such host")
        || lower.contains("is the docker daemon running")) {
      return Optional.of("the %s engine is not running: %s%s".formatted(client, said, where()));
    }
    return Optional.of("the %s engine does not answer: %s%s".formatted(client, said, where()));
  }

  private String where() {
    String host = fullEnvironment().getOrDefault("DOCKER_HOST", "");
    return host.isEmpty() || !client.endsWith("docker")
        ? ""
        : " (DOCKER_HOST is %s)".formatted(host);
  }

  /** Keeps the beginning of a stream and swallows the rest. */
  private static final class Capped extends OutputStream {
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

    @Override
    public synchronized void write(int b) {
      if (kept.size() < MAX_OUTPUT_BYTES) {
        kept.write(b);
      }
    }

    @Override
    public synchronized void write(byte[] data, int from, int count) {
      kept.write(data, from, Math.min(count, MAX_OUTPUT_BYTES - kept.size()));
    }

    synchronized String text() {
      return kept.toString(StandardCharsets.UTF_8);
    }
  }
}
