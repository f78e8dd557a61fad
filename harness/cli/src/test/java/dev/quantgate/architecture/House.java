package dev.quantgate.architecture;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The packages of a source tree: sizes from the sources of main code, arrows from the class files
 * that a build left beside them. {@code harness/dev/house [TREE]} prints it; it needs nothing but a
 * JDK, so that it can draw an older tree too.
 *
 * @param packages by name
 * @param longClasses files of more than {@link #LONG_LINES} lines, with their lines
 */
record House(SortedMap<String, Room> packages, SortedMap<String, Integer> longClasses) {
  static final int LONG_LINES = 450;

  /** A package may hold so much of the main code. */
  static final double LARGE_SHARE = 0.10;

  private static final String OURS = "dev.quantgate";
  private static final Path SOURCES = Path.of("src", "main", "java");
  private static final Pattern DESCRIPTOR = Pattern.compile("L(dev/quantgate/[\\w/$]+)[;<]");

  /**
   * A package.
   *
   * @param lines of all its files
   * @param built whether class files of it were there
   * @param arrows packages that its classes name; empty where it was not built
   */
  record Room(int files, int lines, boolean built, SortedSet<String> arrows) {}

  int lines() {
    return packages.values().stream().mapToInt(Room::lines).sum();
  }

  double share(String name) {
    Room room = packages.get(name);
    return room == null ? 0 : (double) room.lines() / lines();
  }

  /** Reads a tree; what is not built has no arrows. */
  static House read(Path tree) throws IOException {
    var files = new TreeMap<String, Integer>();
    var lines = new TreeMap<String, Integer>();
    var longClasses = new TreeMap<String, Integer>();
    var arrows = new TreeMap<String, SortedSet<String>>();
    for (Path module : modules(tree)) {
      try (Stream<Path> sources = Files.walk(module.resolve(SOURCES))) {
        for (Path source : (Iterable<Path>) sources.filter(House::isJava)::iterator) {
          int length = Files.readAllLines(source).size();
          String name = module.resolve(SOURCES).relativize(source).toString().replace('/', '.');
          String type = name.substring(0, name.length() - ".java".length());
          files.merge(packageOf(type), 1, Integer::sum);
          lines.merge(packageOf(type), length, Integer::sum);
          if (length > LONG_LINES) {
            longClasses.put(type, length);
          }
        }
      }
      arrows(module, arrows);
    }
    var packages = new TreeMap<String, Room>();
    lines.forEach((name, length) -> {
      SortedSet<String> to = new TreeSet<>(arrows.getOrDefault(name, new TreeSet<>()));
      to.retainAll(lines.keySet());
      to.remove(name);
      packages.put(
          name, new Room(files.getOrDefault(name, 0), length, arrows.containsKey(name), to));
    });
    return new House(packages, longClasses);
  }

  private static boolean isJava(Path file) {
    return file.toString().endsWith(".java");
  }

  private static List<Path> modules(Path tree) throws IOException {
    try (Stream<Path> found = Files.walk(tree, 3)) {
      return found
          .filter(path -> Files.exists(path.resolve("pom.xml")))
          .filter(path -> Files.isDirectory(path.resolve(SOURCES)))
          .sorted()
          .toList();
    }
  }

  private static void arrows(Path module, Map<String, SortedSet<String>> arrows)
      throws IOException {
    Path target = module.resolve("target");
    if (!Files.isDirectory(target)) {
      return;
    }
    Optional<Path> classes;
    try (Stream<Path> found = Files.walk(target, 2)) {
      classes =
          found
              .filter(path -> path.endsWith("classes"))
              .max(Comparator.comparing(path -> path.toFile().lastModified()));
    }
    if (classes.isPresent()) {
      try (Stream<Path> found = Files.walk(classes.get())) {
        for (Path file :
            (Iterable<Path>) found.filter(path -> path.toString().endsWith(".class"))::iterator) {
          ClassModel type = ClassFile.of().parse(file);
          String from = packageOf(type.thisClass().asInternalName().replace('/', '.'));
          arrows.computeIfAbsent(from, name -> new TreeSet<>()).addAll(named(type));
        }
      }
    }
  }

  /** The packages of all types that a class file names, in its code or its descriptors. */
  private static Set<String> named(ClassModel type) {
    var packages = new HashSet<String>();
    for (PoolEntry entry : type.constantPool()) {
      if (entry instanceof ClassEntry other) {
        String name = other.asInternalName().replaceFirst("^\\[+L?", "").replace('/', '.');
        packages.add(packageOf(name));
      } else if (entry instanceof Utf8Entry text && text.stringValue().contains("Ldev/quantgate")) {
        DESCRIPTOR
            .matcher(text.stringValue())
            .results()
            .forEach(match -> packages.add(packageOf(match.group(1).replace('/', '.'))));
      }
    }
    packages.removeIf(name -> !name.startsWith(OURS));
    return packages;
  }

  private static String packageOf(String type) {
    return type.contains(".") ? type.substring(0, type.lastIndexOf('.')) : "";
  }

  /** Packages that reach themselves, in groups of those that reach each other. */
  List<SortedSet<String>> cycles() {
    var reach = new HashMap<String, Set<String>>();
    packages.keySet().forEach(name -> reach.put(name, reachable(name)));
    var cycles = new ArrayList<SortedSet<String>>();
    for (String name : packages.keySet()) {
      if (reach.get(name).contains(name)
          && cycles.stream().noneMatch(cycle -> cycle.contains(name))) {
        cycles.add(
            reach.get(name).stream()
                .filter(other -> reach.get(other).contains(name))
                .collect(Collectors.toCollection(TreeSet::new)));
      }
    }
    return cycles;
  }

  private Set<String> reachable(String from) {
    var seen = new HashSet<String>();
    Deque<String> next = new ArrayDeque<>(packages.get(from).arrows());
    while (!next.isEmpty()) {
      String name = next.remove();
      if (seen.add(name)) {
        next.addAll(packages.get(name).arrows());
      }
    }
    return seen;
  }

  /** From the roof down: a package stands above all that it imports, cycles aside. */
  private List<String> fromTheRoof() {
    var heights = new HashMap<String, Integer>();
    packages.keySet().forEach(name -> heights.put(name, reachable(name).size()));
    return packages.keySet().stream()
        .sorted(
            Comparator.comparingInt((String name) -> -heights.getOrDefault(name, 0))
                .thenComparing(Comparator.naturalOrder()))
        .toList();
  }

  /** The drawing: a line for each package, then what breaks the rules of the house. */
  String drawing() {
    var text = new StringBuilder();
    int total = lines();
    text.append(
        line(
            "%d packages, %d files, %,d lines of main code",
            packages.size(), packages.values().stream().mapToInt(Room::files).sum(), total));
    text.append(line("%-36s %5s %6s %6s  %s", "package", "files", "lines", "share", "imports"));
    for (String name : fromTheRoof()) {
      Room room = packages.get(name);
      text.append(
          line(
              "%-36s %5d %6d %4.1f %%  %s",
              shortened(name),
              room.files(),
              room.lines(),
              100 * share(name),
              room.built()
                  ? room.arrows().stream().map(House::shortened).collect(Collectors.joining(" "))
                  : "(not built)"));
    }
    text.append('\n');
    text.append(line("cycles: %d", cycles().size()));
    cycles().forEach(cycle -> text.append(line("  %s", String.join(" <-> ", cycle))));
    List<String> large =
        packages.keySet().stream().filter(name -> share(name) > LARGE_SHARE).toList();
    text.append(line("packages above %.0f %%: %d", 100 * LARGE_SHARE, large.size()));
    large.forEach(name -> text.append(line("  %s %.1f %%", shortened(name), 100 * share(name))));
    text.append(line("classes above %d lines: %d", LONG_LINES, longClasses.size()));
    longClasses.entrySet().stream()
        .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
        .forEach(each -> text.append(line("  %s %d", shortened(each.getKey()), each.getValue())));
    return text.toString();
  }

  private static String shortened(String name) {
    return name.startsWith(OURS + ".") ? name.substring(OURS.length() + 1) : name;
  }

  private static String line(String format, Object... values) {
    return String.format(Locale.ROOT, format, values).stripTrailing() + "\n";
  }

  /** Prints the house of a tree, by default the one that the current folder is. */
  public static void main(String[] arguments) throws IOException {
    System.out.print(read(Path.of(arguments.length == 0 ? "." : arguments[0])).drawing());
  }
}
