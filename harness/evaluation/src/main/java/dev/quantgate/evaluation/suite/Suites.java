package dev.quantgate.evaluation.suite;

import dev.quantgate.base.Nearest;
import dev.quantgate.evaluation.protocol.Suite;
import dev.quantgate.evaluation.protocol.SuiteProvider;
import dev.quantgate.evaluation.suite.file.FileSuite;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;

/** Finds suites: those that modules bring by their names, and those that a user describes. */
public final class Suites {
  private Suites() {}

  /** All suites that modules bring, this program's own first. */
  public static List<Suite<?>> all() {
    return ServiceLoader.load(SuiteProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .<Suite<?>>flatMap(provider -> provider.suites().stream())
        .toList();
  }

  /**
   * A suite by its name, or by the YAML file that describes it.
   *
   * @throws IllegalArgumentException if there is none of that name, naming the known ones
   * @throws dev.quantgate.base.QuantGateException if a file cannot be read or is wrong, with its
   *     line
   */
  public static Suite<?> find(String name) {
    if (FileSuite.isFile(name)) {
      return file(name);
    }
    List<Suite<?>> all = all();
    return all.stream()
        .filter(suite -> suite.name().equals(name))
        .findFirst()
        .orElseThrow(() -> {
          List<String> names = all.stream().<String>map(Suite::name).toList();
          return new IllegalArgumentException(
              "unknown suite \"%s\"%s; known: %s, and a suite of your own by its file, such as my-suite.yaml"
                  .formatted(name, Nearest.hint(name, names), String.join(", ", names)));
        });
  }

  private static Suite<?> file(String path) {
    try {
      FileSuite suite = FileSuite.read(Path.of(path));
      if (all().stream().anyMatch(known -> known.name().equals(suite.name()))) {
        throw new IllegalArgumentException(
            "%s: its suite is called \"%s\", as one of the program's own is; give it another \"name\""
                .formatted(path, suite.name()));
      }
      return suite;
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("\"%s\" is no path: %s".formatted(path, e.getReason()), e);
    }
  }

  /** What a suite says to a protocol's name that is none of its own. */
  public static IllegalArgumentException unknown(Suite<?> suite, String variant) {
    List<String> names = suite.protocols().stream().map(Suite.Variant::name).toList();
    return new IllegalArgumentException(
        "unknown protocol \"%s\" for %s%s; known: %s"
            .formatted(
                variant, suite.name(), Nearest.hint(variant, names), String.join(", ", names)));
  }
}
