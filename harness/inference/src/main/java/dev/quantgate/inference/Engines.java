package dev.quantgate.inference;

import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/** Finds the engine that a user named, or the best one this machine can run. */
public final class Engines {
  /** What a user types to let QuantGate choose. */
  public static final String AUTO = "auto";

  private Engines() {}

  /** All engines, the preferred ones first. */
  public static List<EngineProvider> all() {
    return ServiceLoader.load(EngineProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparingInt(EngineProvider::preference).reversed())
        .toList();
  }

  /**
   * The engine of that kind, or for {@link #AUTO} the first that can run here.
   *
   * @throws InferenceException if there is none
   */
  public static EngineProvider find(String kind) {
    List<EngineProvider> all = all();
    if (kind.equals(AUTO)) {
      return all.stream()
          .filter(engine -> engine.preference() >= 0 && engine.unavailable().isEmpty())
          .findFirst()
          .orElseThrow(() ->
              new InferenceException(
                  InferenceException.Kind.NO_ENGINE, "no engine can run on this machine"));
    }
    EngineProvider engine =
        all.stream()
            .filter(candidate -> candidate.kind().equals(kind))
            .findFirst()
            .orElseThrow(() ->
                new InferenceException(
                    InferenceException.Kind.NO_ENGINE,
                    "unknown engine \""
                        + kind
                        + "\"; known: "
                        + all.stream()
                            .map(EngineProvider::kind)
                            .collect(Collectors.joining(", "))));
    engine
        .unavailable()
        .ifPresent(reason -> {
          throw new InferenceException(
              InferenceException.Kind.NO_ENGINE, "engine " + kind + " cannot run here: " + reason);
        });
    return engine;
  }
}
