package dev.quantgate.sandbox.bubblewrap;

import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxException.Kind;
import dev.quantgate.sandbox.worker.WorkerLauncher;
import dev.quantgate.sandbox.worker.WorkerScripts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Starts launcher.py on this machine's Python, with walls to put around every process, or without.
 *
 * @param kind the tier's kind
 * @param python this machine's Python
 * @param wrapper the command that every process of a job is started through; empty for none
 * @param facts what is told of the machine
 */
record HostLauncher(
    String kind, HostPython python, List<String> wrapper, SortedMap<String, String> facts)
    implements WorkerLauncher {
  /** Every process of a job behind walls of its own, under the caller's user id. */
  static HostLauncher bubblewrap(BubblewrapArguments arguments, HostPython python) {
    return new HostLauncher("bubblewrap", python, arguments.aroundProcess(), arguments.facts());
  }

  /** Around nothing. */
  static HostLauncher bare(HostPython python) {
    SortedMap<String, String> facts = new TreeMap<>();
    facts.put(
        "WARNING", "programs ran on this machine itself with NO isolation; verdicts can be forged");
    return new HostLauncher("unsafe-local", python, List.of(), facts);
  }

  @Override
  public boolean isolates() {
    return !wrapper.isEmpty();
  }

  @Override
  public List<String> scripts() {
    return List.of("roles", "room", "supervisor", "launcher");
  }

  @Override
  public Map<String, Object> setup() {
    byte[] filter =
        wrapper.isEmpty()
            ? new byte[0]
            : SeccompFilter.compileForJobs(WorkerScripts.seccompProfile());
    return Map.of(
        "walls", wrapper,
        "python", python.executable(),
        "filter", Base64.getEncoder().encodeToString(filter));
  }

  @Override
  public Launched launch() {
    ProcessBuilder builder =
        new ProcessBuilder(python.executable(), "-s", "-B", "-c", WorkerScripts.bootstrap());
    builder.directory(Path.of("/").toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("PYTHON"));
    try {
      return new Launched(builder.start(), () -> {});
    } catch (IOException e) {
      throw new SandboxException(
          Kind.UNAVAILABLE,
          "%s cannot be run: %s".formatted(python.executable(), e.getMessage()),
          e);
    }
  }

  @Override
  public SortedMap<String, String> identity() {
    SortedMap<String, String> identity = new TreeMap<>();
    if (!wrapper.isEmpty()) {
      identity.put(
          "seccompSha256",
          WorkerScripts.sha256(WorkerScripts.seccompProfile().getBytes(StandardCharsets.UTF_8)));
    }
    return identity;
  }

  /** Nothing outlives a launcher: what it started dies with it. */
  @Override
  public void close() {}
}
