package dev.quantgate.sandbox.bubblewrap;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What bubblewrap is told: fresh namespaces, and of the machine nothing but a Python, read-only.
 *
 * @param bwrap the program
 * @param python this machine's Python
 * @param groups the control groups that bound memory; empty where it is only counted
 */
record BubblewrapArguments(String bwrap, HostPython python, Optional<MemoryGroups> groups) {
  private static final int TMP_BYTES = 64 << 20;
  private static final int SHARED_MEMORY_BYTES = 1 << 20;

  /**
   * Around one process, by anyone: a user namespace, and no capability. It dies with its parent.
   */
  List<String> aroundProcess() {
    List<String> arguments = new ArrayList<>(List.of(bwrap));
    arguments.addAll(List.of("--unshare-all", "--die-with-parent", "--cap-drop", "ALL"));
    arguments.addAll(inside());
    return arguments;
  }

  /**
   * Around a supervisor, by root: user ids stay the machine's, so that the supervisor can give each
   * process its own; it has the three capabilities for that and for ending them, and one to see
   * which pages of memory they share. It ends when its input does: the kernel would take the end of
   * the thread that started it for its parent's.
   */
  List<String> aroundSupervisor() {
    List<String> arguments = new ArrayList<>(List.of(bwrap));
    arguments.addAll(List.of("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"));
    arguments.addAll(List.of("--unshare-cgroup-try", "--cap-drop", "ALL"));
    for (String each : List.of("CAP_SETUID", "CAP_SETGID", "CAP_KILL", "CAP_SYS_PTRACE")) {
      arguments.addAll(List.of("--cap-add", each));
    }
    arguments.addAll(inside());
    return arguments;
  }

  private List<String> inside() {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("--as-pid-1", "--new-session", "--hostname", "sandbox"));
    arguments.addAll(List.of("--ro-bind", "/usr", "/usr"));
    for (String folder : List.of("lib", "lib64", "lib32", "bin", "sbin")) {
      Path path = Path.of("/" + folder);
      if (Files.isSymbolicLink(path)) {
        arguments.addAll(List.of("--symlink", "usr/" + folder, "/" + folder));
      } else if (Files.isDirectory(path)) {
        arguments.addAll(List.of("--ro-bind", "/" + folder, "/" + folder));
      }
    }
    if (Files.isRegularFile(Path.of("/etc/ld.so.cache"))) {
      arguments.addAll(List.of("--ro-bind", "/etc/ld.so.cache", "/etc/ld.so.cache"));
    }
    if (!python.prefix().startsWith("/usr")) {
      arguments.addAll(List.of("--ro-bind", python.prefix(), python.prefix()));
    }
    arguments.addAll(List.of("--proc", "/proc", "--dev", "/dev"));
    if (groups.isEmpty()) {
      // A shared mapping of it is memory without a file, which nobody could count.
      arguments.addAll(List.of("--dev-bind", "/dev/null", "/dev/zero"));
    }
    arguments.addAll(temporary("/dev/shm", SHARED_MEMORY_BYTES));
    arguments.addAll(temporary("/tmp", TMP_BYTES));
    // The device folder is a file system without a bound otherwise.
    arguments.addAll(List.of("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"));
    return arguments;
  }

  /** Gives up a worker's control group, if it has one. */
  void remove(Optional<MemoryGroups.Group> group) {
    group.ifPresent(each -> groups.ifPresent(all -> all.remove(each)));
  }

  private static List<String> temporary(String path, int bytes) {
    return List.of("--size", Integer.toString(bytes), "--perms", "1777", "--tmpfs", path);
  }

  SortedMap<String, String> facts() {
    SortedMap<String, String> facts = new TreeMap<>();
    HostPython.ask(bwrap, "--version")
        .ifPresent(lines -> facts.put("engineVersion", String.join(" ", lines)));
    facts.put("kernel", System.getProperty("os.version", ""));
    facts.put(
        "memoryBound",
        groups
            .map(found -> "counted every 20 ms; %s".formatted(found.title()))
            .orElse("counted every 20 ms, no control group"));
    return facts;
  }
}
