package dev.quantgate.sandbox.bubblewrap;

import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxException.Kind;
import dev.quantgate.sandbox.worker.WorkerLauncher;
import dev.quantgate.sandbox.worker.WorkerScripts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
 * @param walls the command that every process of a job is started through; empty for none
 * @param facts what is told of the machine
 */
record HostLauncher(
    String kind, HostPython python, List<String> walls, SortedMap<String, String> facts)
    implements WorkerLauncher {
  private static final int TMP_BYTES = 64 << 20;

  /** Behind bubblewrap: nothing of the machine but a Python, read-only. */
  static HostLauncher bubblewrap(String bwrap, HostPython python) {
    List<String> walls = new ArrayList<>(List.of(bwrap));
    walls.addAll(List.of("--unshare-all", "--as-pid-1", "--die-with-parent", "--new-session"));
    walls.addAll(List.of("--cap-drop", "ALL", "--hostname", "sandbox"));
    walls.addAll(List.of("--ro-bind", "/usr", "/usr"));
    for (String folder : List.of("lib", "lib64", "lib32", "bin", "sbin")) {
      Path path = Path.of("/" + folder);
      if (Files.isSymbolicLink(path)) {
        walls.addAll(List.of("--symlink", "usr/" + folder, "/" + folder));
      } else if (Files.isDirectory(path)) {
        walls.addAll(List.of("--ro-bind", "/" + folder, "/" + folder));
      }
    }
    if (Files.isRegularFile(Path.of("/etc/ld.so.cache"))) {
      walls.addAll(List.of("--ro-bind", "/etc/ld.so.cache", "/etc/ld.so.cache"));
    }
    if (!python.prefix().startsWith("/usr")) {
      walls.addAll(List.of("--ro-bind", python.prefix(), python.prefix()));
    }
    walls.addAll(List.of("--proc", "/proc", "--dev", "/dev"));
    walls.addAll(List.of("--size", "1048576", "--perms", "1777", "--tmpfs", "/dev/shm"));
    walls.addAll(
        List.of("--size", Integer.toString(TMP_BYTES), "--perms", "1777", "--tmpfs", "/tmp"));
    // The device folder is a file system without a bound otherwise.
    walls.addAll(List.of("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"));
    SortedMap<String, String> facts = new TreeMap<>();
    HostPython.ask(bwrap, "--version")
        .ifPresent(lines -> facts.put("engineVersion", String.join(" ", lines)));
    facts.put("kernel", System.getProperty("os.version", ""));
    facts.put("memoryBound", "counted every 20 ms, no control group");
    return new HostLauncher("bubblewrap", python, walls, facts);
  }

  /** Around nothing. */
  static HostLauncher bare(HostPython python) {
    SortedMap<String, String> facts = new TreeMap<>();
    facts.put(
        "WARNING", "programs ran on this machine itself with NO isolation; verdicts can be forged");
    return new HostLauncher("unsafe-local", python, List.of(), facts);
  }

  @Override
  public List<String> scripts() {
    return List.of("roles", "supervisor", "launcher");
  }

  @Override
  public Map<String, Object> setup() {
    byte[] filter =
        walls.isEmpty() ? new byte[0] : SeccompFilter.compile(WorkerScripts.seccompProfile());
    return Map.of(
        "walls", walls,
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
          Kind.UNAVAILABLE, python.executable() + " cannot be run: " + e.getMessage(), e);
    }
  }

  @Override
  public SortedMap<String, String> identity() {
    SortedMap<String, String> identity = new TreeMap<>();
    if (!walls.isEmpty()) {
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
