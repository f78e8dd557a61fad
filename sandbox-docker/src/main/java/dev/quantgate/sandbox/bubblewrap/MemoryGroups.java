package dev.quantgate.sandbox.bubblewrap;

import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxException.Kind;
import dev.quantgate.sandbox.worker.RunOwner;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Control groups in which the kernel bounds memory, one for each worker, where this process may
 * make them. A worker enters its group once, as it starts, and whatever it forks is in it: to move
 * a process costs milliseconds.
 *
 * <p>Version 2: below the nearest group, from this process's own upwards, that hands the memory
 * controller down. Version 1: below this process's own. Nothing is changed but folders of our name.
 */
final class MemoryGroups implements AutoCloseable {
  private static final String PREFIX = "quantgate-";
  private static final String ENTRY = "cgroup.procs";
  private static final Pattern OCTAL = Pattern.compile("\\\\([0-7]{3})");

  /** How long a group's last processes, which were told to end, are waited for. */
  private static final int TRIES = 25;

  private static final int CLOSING_TRIES = 150;
  private static final Duration PAUSE = Duration.ofMillis(20);

  private final Kernel kernel;
  private final Version version;
  private final Path parent;
  private final long bytes;

  private final Set<Path> inUse = ConcurrentHashMap.newKeySet();

  /** What is removed as soon as its last process has gone. */
  private final Set<Path> released = ConcurrentHashMap.newKeySet();

  /** What the control groups' file system does by itself. */
  interface Kernel {
    /** Makes a group; its files are there at once. */
    void make(Path group) throws IOException;

    /** Removes a group; fails while a process is in it. */
    void remove(Path group) throws IOException;

    /** Whether a process that this one starts can enter a group by its {@code cgroup.procs}. */
    boolean lets(Path entry);
  }

  /** This machine's kernel, and a Python of this machine's that tries to enter. */
  record Machine(HostPython python) implements Kernel {
    private static final String ENTER = "import sys;open(sys.argv[1],'w').write('0')";

    @Override
    public void make(Path group) throws IOException {
      Files.createDirectory(group);
    }

    @Override
    public void remove(Path group) throws IOException {
      Files.deleteIfExists(group);
    }

    @Override
    public boolean lets(Path entry) {
      return HostPython.ask(python.executable(), "-I", "-S", "-c", ENTER, entry.toString())
          .isPresent();
    }
  }

  /** A file that bounds something, and what is written into it. */
  private record Bound(String file, String value, boolean optional) {}

  /** The two forms of control groups that Linux has. */
  private enum Version {
    TWO("control group, version 2", "memory.events"),
    ONE("control group, version 1", "memory.oom_control");

    private final String title;
    private final String events;

    Version(String title, String events) {
      this.title = title;
      this.events = events;
    }

    /** In the order they are written; swap is forbidden where the kernel counts it. */
    List<Bound> bounds(long bytes) {
      String value = Long.toString(bytes);
      return switch (this) {
        case TWO ->
            List.of(new Bound("memory.max", value, false), new Bound("memory.swap.max", "0", true));
        case ONE ->
            List.of(
                new Bound("memory.limit_in_bytes", value, false),
                new Bound("memory.memsw.limit_in_bytes", value, true),
                new Bound("memory.swappiness", "0", true));
      };
    }
  }

  /**
   * One control group.
   *
   * @param folder the group's folder
   * @param entry where a process writes 0 to enter
   * @param statistics what its processes hold, by kinds of memory
   * @param events how often the kernel ended something in it
   */
  record Group(Path folder, Path entry, Path statistics, Path events) {
    /** The files that a worker is told of, in this order. */
    List<String> files() {
      return List.of(entry.toString(), statistics.toString(), events.toString());
    }
  }

  private MemoryGroups(Kernel kernel, Version version, Path parent, long bytes) {
    this.kernel = kernel;
    this.version = version;
    this.parent = parent;
    this.bytes = bytes;
  }

  /**
   * Groups in which processes together hold no more than so many bytes, if this process may make
   * some. Removes those of runs that were killed.
   */
  static Optional<MemoryGroups> find(HostPython python, long bytes) {
    return find(Path.of("/proc/self"), new Machine(python), bytes);
  }

  /**
   * The same for what a folder like {@code /proc/self} says of a process.
   *
   * @param self has {@code cgroup} and {@code mountinfo}
   */
  static Optional<MemoryGroups> find(Path self, Kernel kernel, long bytes) {
    List<MemoryGroups> places = new ArrayList<>();
    try {
      List<String> groups = Files.readAllLines(self.resolve("cgroup"));
      for (String mount : Files.readAllLines(self.resolve("mountinfo"))) {
        place(mount, groups, kernel, bytes).ifPresent(places::add);
      }
    } catch (IOException e) {
      return Optional.empty();
    }
    places.sort((one, other) -> one.version.compareTo(other.version));
    return places.stream().filter(MemoryGroups::works).findFirst();
  }

  /** Where groups would be made below one mounted file system, if it is one of control groups. */
  private static Optional<MemoryGroups> place(
      String mount, List<String> groups, Kernel kernel, long bytes) {
    // proc_pid_mountinfo(5): number parent device root point options tags - type source options
    String[] halves = mount.split(" - ", 2);
    String[] first = halves[0].split(" ");
    String[] last = halves.length == 2 ? halves[1].split(" ") : new String[0];
    if (first.length < 5 || last.length < 3) {
      return Optional.empty();
    }
    Path point = Path.of(unescaped(first[4]));
    boolean two = last[0].equals("cgroup2");
    if (!two && !(last[0].equals("cgroup") && has(last[2], ",", "memory"))) {
      return Optional.empty();
    }
    Path own = own(groups, two ? "" : "memory", unescaped(first[3]), point);
    Path parent = two ? handingDown(own, point) : own;
    return parent == null || !Files.isDirectory(parent)
        ? Optional.empty()
        : Optional.of(new MemoryGroups(kernel, two ? Version.TWO : Version.ONE, parent, bytes));
  }

  /** This process's group in a hierarchy, named by a controller, or "" for version 2's. */
  private static Path own(List<String> groups, String controller, String root, Path point) {
    for (String line : groups) {
      String[] parts = line.split(":", 3);
      if (parts.length == 3
          && (controller.isEmpty() ? parts[1].isEmpty() : has(parts[1], ",", controller))) {
        // What is mounted may be a part of the hierarchy, as in a container.
        String path = parts[2];
        String below =
            root.equals("/") ? path : path.startsWith(root) ? path.substring(root.length()) : "";
        return point.resolve(below.replaceFirst("^/+", "")).normalize();
      }
    }
    return point;
  }

  /** The nearest group whose children have the memory controller. */
  private static @Nullable Path handingDown(Path own, Path point) {
    for (Path each = own; each != null && each.startsWith(point); each = each.getParent()) {
      try {
        if (has(Files.readString(each.resolve("cgroup.subtree_control")).strip(), " ", "memory")) {
          return each;
        }
      } catch (IOException e) {
        // Not there to be seen; perhaps the one above is.
      }
    }
    return null;
  }

  private static boolean has(String words, String separator, String word) {
    return Arrays.asList(words.split(Pattern.quote(separator))).contains(word);
  }

  private static String unescaped(String path) {
    return OCTAL
        .matcher(path)
        .replaceAll(code -> Character.toString(Integer.parseInt(code.group(1), 8)));
  }

  /**
   * Whether a group can be made, bounded, entered and removed; the dead runs' are removed first.
   */
  private boolean works() {
    sweep();
    try {
      Group group = make();
      try {
        return kernel.lets(group.entry());
      } finally {
        remove(group);
      }
    } catch (SandboxException e) {
      return false;
    }
  }

  /**
   * Makes a group for a worker.
   *
   * @throws SandboxException if that is no longer possible
   */
  Group make() {
    Path folder =
        parent.resolve(
            "%s%s-%s".formatted(PREFIX, RunOwner.fileName(RunOwner.current()), RunOwner.random()));
    try {
      kernel.make(folder);
      inUse.add(folder);
      for (Bound bound : version.bounds(bytes)) {
        write(folder, bound);
      }
    } catch (IOException e) {
      release(Set.of(folder), 1);
      throw new SandboxException(
          Kind.UNAVAILABLE, "%s: no control group can be made: %s".formatted(folder, e), e);
    }
    return new Group(
        folder,
        folder.resolve(ENTRY),
        folder.resolve("memory.stat"),
        folder.resolve(version.events));
  }

  private static void write(Path folder, Bound bound) throws IOException {
    try {
      Files.writeString(folder.resolve(bound.file()), bound.value(), StandardOpenOption.WRITE);
    } catch (NoSuchFileException e) {
      if (!bound.optional()) {
        throw e;
      }
    }
  }

  /**
   * Removes a group whose processes were told to end: at once, else with the next or at the end.
   */
  void remove(Group group) {
    release(Set.of(group.folder()), TRIES);
  }

  /** Gives groups up, and waits for their processes to go. */
  private void release(Set<Path> folders, int tries) {
    folders.stream().filter(inUse::remove).forEach(released::add);
    for (int i = 0; i < tries; i++) {
      released.removeIf(this::isRemoved);
      if (released.isEmpty()) {
        return;
      }
      try {
        Thread.sleep(PAUSE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private boolean isRemoved(Path folder) {
    try {
      kernel.remove(folder);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Removes the groups of this machine's runs that were killed. */
  private void sweep() {
    try (DirectoryStream<Path> groups = Files.newDirectoryStream(parent, PREFIX + "*-*")) {
      for (Path group : groups) {
        String name = group.getFileName().toString().substring(PREFIX.length());
        int end = name.lastIndexOf('-');
        if (end > 0 && RunOwner.isDead(RunOwner.ofFileName(name.substring(0, end)))) {
          isRemoved(group);
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // Another user's groups, who sweeps them.
    }
  }

  /** What bounds memory, for people. */
  String title() {
    return version.title;
  }

  /** Removes all groups, whose processes must be on their way out. */
  @Override
  public void close() {
    release(Set.copyOf(inUse), CLOSING_TRIES);
  }
}
