package dev.quantgate.sandbox.bubblewrap;

import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxException.Kind;
import dev.quantgate.sandbox.worker.WorkerLauncher;
import dev.quantgate.sandbox.worker.WorkerScripts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Starts launcher.py on this machine's Python, with walls to put around every process, or without.
 *
 * @param kind the tier's kind
 * @param python this machine's Python
 * @param walls what every process of a job is put behind; empty for nothing
 * @param facts what is told of the machine
 */
record HostLauncher(
    String kind,
    HostPython python,
    Optional<BubblewrapArguments> walls,
    SortedMap<String, String> facts)
    implements WorkerLauncher {
  /** Every process of a job behind walls of its own, under the caller's user id. */
  static HostLauncher bubblewrap(BubblewrapArguments walls) {
    return new HostLauncher("bubblewrap", walls.python(), Optional.of(walls), walls.facts());
  }

  /** Around nothing. */
  static HostLauncher bare(HostPython python) {
    SortedMap<String, String> facts = new TreeMap<>();
    facts.put(
        "WARNING", "programs ran on this machine itself with NO isolation; verdicts can be forged");
    return new HostLauncher("unsafe-local", python, Optional.empty(), facts);
  }

  @Override
  public boolean isolates() {
    return walls.isPresent();
  }

  @Override
  public List<String> scripts() {
    return List.of("roles", "room", "supervisor", "launcher");
  }

  @Override
  public Map<String, Object> setup() {
    byte[] filter =
        walls
            .map(around ->
                SeccompFilter.compileForJobs(
                    WorkerScripts.seccompProfile(), around.groups().isPresent()))
            .orElse(new byte[0]);
    return Map.of(
        "walls", walls.map(BubblewrapArguments::aroundProcess).orElse(List.of()),
        "python", python.executable(),
        "filter", Base64.getEncoder().encodeToString(filter));
  }

  @Override
  public Launched launch() {
    List<String> command = new ArrayList<>(List.of(python.executable(), "-s", "-B", "-c"));
    command.add(WorkerScripts.bootstrap());
    Optional<MemoryGroups.Group> group =
        walls.flatMap(BubblewrapArguments::groups).map(MemoryGroups::make);
    group.ifPresent(each -> command.addAll(each.files()));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(Path.of("/").toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("PYTHON"));
    try {
      return new Launched(builder.start(), () -> walls.ifPresent(around -> around.remove(group)));
    } catch (IOException e) {
      walls.ifPresent(around -> around.remove(group));
      throw new SandboxException(
          Kind.UNAVAILABLE,
          "%s cannot be run: %s".formatted(python.executable(), e.getMessage()),
          e);
    }
  }

  @Override
  public SortedMap<String, String> identity() {
    SortedMap<String, String> identity = new TreeMap<>();
    if (walls.isPresent()) {
      identity.put(
          "seccompSha256",
          WorkerScripts.sha256(WorkerScripts.seccompProfile().getBytes(StandardCharsets.UTF_8)));
    }
    return identity;
  }

  /** No process outlives a launcher: what it started dies with it. */
  @Override
  public void close() {
    walls.flatMap(BubblewrapArguments::groups).ifPresent(MemoryGroups::close);
  }
}
