import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writes harness/docs/NOTICE.md from the libraries of the built distribution, each with the licence
 * that its POM in the local Maven repository names; or checks that the page names exactly these.
 */
class Notice {
  private static final Pattern JAR = Pattern.compile("(.+?)-(\\d[^/]*)\\.jar");
  private static final Pattern ROW = Pattern.compile("^\\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\|$");
  private static final String TABLE = "| library | version | licence |\n|---|---|---|\n";

  record Library(String name, String version) {}

  public static void main(String[] arguments) throws IOException {
    Path root = Path.of(arguments[0]);
    Path page = root.resolve("harness/docs/NOTICE.md");
    List<Library> libraries = libraries(root);
    String before = Files.readString(page);
    int table = before.indexOf(TABLE);
    if (table < 0) {
      end(
          "%s: expected a table that begins with %s"
              .formatted(page, TABLE.lines().findFirst().orElse("")));
    }
    if (arguments.length > 1 && arguments[1].equals("--check")) {
      check(page, before.substring(table), libraries);
      return;
    }
    var text = new StringBuilder(before.substring(0, table)).append(TABLE);
    for (Library library : libraries) {
      text.append(
          "| %s | %s | %s |\n".formatted(library.name(), library.version(), licence(library)));
    }
    Files.writeString(page, text);
  }

  /** What the distribution brings but is not the project's own. */
  private static List<Library> libraries(Path root) throws IOException {
    Path target = root.resolve("harness/cli/target");
    List<Library> libraries = new ArrayList<>();
    try (Stream<Path> files = Files.isDirectory(target) ? Files.walk(target, 4) : Stream.empty()) {
      for (Path file :
          (Iterable<Path>)
              files.filter(each -> each.getParent().endsWith("lib")).sorted()::iterator) {
        Matcher jar = JAR.matcher(file.getFileName().toString());
        if (jar.matches() && !jar.group(1).startsWith("quantgate-")) {
          libraries.add(new Library(jar.group(1), jar.group(2)));
        }
      }
    }
    if (libraries.isEmpty()) {
      end("no distribution in %s: build it, ./mvnw -Dquick -DskipTests package".formatted(target));
    }
    return libraries;
  }

  private static void check(Path page, String table, List<Library> libraries) {
    Set<Library> named = new LinkedHashSet<>();
    table
        .lines()
        .skip(2)
        .map(ROW::matcher)
        .filter(Matcher::matches)
        .forEach(row -> named.add(new Library(row.group(1), row.group(2))));
    List<String> wrong = new ArrayList<>();
    for (Library library : libraries) {
      if (!named.remove(library)) {
        wrong.add("%s %s is not in it".formatted(library.name(), library.version()));
      }
    }
    for (Library library : named) {
      wrong.add(
          "%s %s is no library of the distribution".formatted(library.name(), library.version()));
    }
    if (!wrong.isEmpty()) {
      end("%s: %s\nharness/dev/notice writes it anew".formatted(page, String.join("; ", wrong)));
    }
  }

  private static String licence(Library library) throws IOException {
    String file = "%s-%s.pom".formatted(library.name(), library.version());
    Path repository = Path.of(System.getProperty("user.home"), ".m2", "repository");
    try (Stream<Path> files = Files.walk(repository, 12)) {
      Optional<Path> pom = files.filter(each -> each.endsWith(file)).findFirst();
      return pom.isPresent() ? licence(repository, pom.get(), 0) : unknown(library.name());
    }
  }

  /** The POM's own licences, or its parent's. */
  private static String licence(Path repository, Path pom, int generation) throws IOException {
    String text = Files.readString(pom);
    Matcher own = Pattern.compile("<licenses>(.*?)</licenses>", Pattern.DOTALL).matcher(text);
    if (own.find()) {
      return String.join(
          " or ",
          Pattern.compile("<name>(.*?)</name>", Pattern.DOTALL)
              .matcher(own.group(1))
              .results()
              .map(name -> usual(name.group(1).replaceAll("\\s+", " ").strip()))
              .toList());
    }
    Matcher parent = Pattern.compile("<parent>(.*?)</parent>", Pattern.DOTALL).matcher(text);
    if (generation == 8 || !parent.find()) {
      return unknown(pom.toString());
    }
    String artifact = value(parent.group(1), "artifactId");
    String version = value(parent.group(1), "version");
    Path next =
        repository
            .resolve(value(parent.group(1), "groupId").replace('.', '/'))
            .resolve(artifact)
            .resolve(version)
            .resolve("%s-%s.pom".formatted(artifact, version));
    return licence(repository, next, generation + 1);
  }

  private static String value(String xml, String element) {
    Matcher matcher = Pattern.compile("<%1$s>(.*?)</%1$s>".formatted(element)).matcher(xml);
    return matcher.find() ? matcher.group(1).strip() : unknown(element);
  }

  /** SPDX's short names. */
  private static String usual(String licence) {
    if (licence.matches("(?i)(the )?apache[- ](software )?(license,? ?)?(version )?2\\.0")) {
      return "Apache-2.0";
    }
    return licence.equals("The BSD License") ? "BSD-3-Clause" : licence;
  }

  private static String unknown(String what) {
    end(
        "%s: no licence found; write it by hand, or build once so that the POM is there"
            .formatted(what));
    return "";
  }

  private static void end(String why) {
    System.err.println("notice: " + why);
    System.exit(2);
  }
}
