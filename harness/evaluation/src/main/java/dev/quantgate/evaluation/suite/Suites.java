package dev.quantgate.evaluation.suite;

import dev.quantgate.base.Nearest;
import dev.quantgate.evaluation.protocol.Suite;
import dev.quantgate.evaluation.protocol.SuiteProvider;
import java.util.List;
import java.util.ServiceLoader;

/** Finds suites: those that modules bring by their names. */
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
   * A suite by its name.
   *
   * @throws IllegalArgumentException if there is none of that name, naming the known ones
   */
  public static Suite<?> find(String name) {
    List<Suite<?>> all = all();
    return all.stream()
        .filter(suite -> suite.name().equals(name))
        .findFirst()
        .orElseThrow(() -> {
          List<String> names = all.stream().<String>map(Suite::name).toList();
          return new IllegalArgumentException(
              "unknown suite \"%s\"%s; known: %s"
                  .formatted(name, Nearest.hint(name, names), String.join(", ", names)));
        });
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
