package dev.quantgate.inference;

import dev.quantgate.inference.InferenceException.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Predicate;
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
    return find(kind, engine -> true, "no engine can run on this machine");
  }

  /**
   * Refuses a kind that there is not, or that cannot run on this machine; {@link #AUTO} is never
   * refused. To be asked before anything is read.
   *
   * @return for {@link #AUTO} one line on each preferred engine that cannot run here, and why
   * @throws InferenceException naming what is missing
   */
  public static List<String> passedOver(String kind) {
    if (!kind.equals(AUTO)) {
      find(kind);
      return List.of();
    }
    var lines = new ArrayList<String>();
    for (EngineProvider engine : all()) {
      Optional<String> reason = engine.unavailable();
      if (reason.isEmpty() || engine.preference() < 0) {
        break;
      }
      lines.add("engine %s cannot run here: %s".formatted(engine.kind(), reason.orElseThrow()));
    }
    return lines;
  }

  /**
   * The engine for a reference: of that kind, or for {@link #AUTO} the first that opens it and can
   * run here.
   *
   * @throws InferenceException if there is none
   */
  public static EngineProvider find(String kind, ModelReference reference) {
    EngineProvider engine =
        find(
            kind,
            each -> each.opens(reference),
            "no engine of this machine opens %s".formatted(reference));
    if (!engine.opens(reference)) {
      throw new InferenceException(
          Kind.NO_ENGINE, "engine %s does not open %s".formatted(kind, reference));
    }
    return engine;
  }

  /**
   * The engine of that kind that opens checkpoints block by block, or for {@link #AUTO} the first.
   *
   * @throws InferenceException if there is none
   */
  public static BlockwiseProvider findBlockwise(String kind) {
    EngineProvider engine =
        find(
            kind,
            BlockwiseProvider.class::isInstance,
            "no engine of this machine runs a checkpoint block by block");
    if (engine instanceof BlockwiseProvider blockwise) {
      return blockwise;
    }
    throw new InferenceException(
        Kind.UNSUPPORTED,
        "engine %s runs whole models only, not block by block; take --engine cpu"
            .formatted(engine.kind()));
  }

  private static EngineProvider find(
      String kind, Predicate<EngineProvider> wanted, String noneFound) {
    List<EngineProvider> all = all();
    if (kind.equals(AUTO)) {
      return all.stream()
          .filter(engine -> engine.preference() >= 0)
          .filter(wanted)
          .filter(engine -> engine.unavailable().isEmpty())
          .findFirst()
          .orElseThrow(() -> new InferenceException(Kind.NO_ENGINE, noneFound));
    }
    EngineProvider engine =
        all.stream()
            .filter(candidate -> candidate.kind().equals(kind))
            .findFirst()
            .orElseThrow(() ->
                new InferenceException(
                    Kind.NO_ENGINE,
                    "unknown engine \"%s\"; known: %s"
                        .formatted(
                            kind,
                            all.stream()
                                .map(EngineProvider::kind)
                                .collect(Collectors.joining(", ")))));
    engine
        .unavailable()
        .ifPresent(reason -> {
          throw new InferenceException(
              Kind.NO_ENGINE, "engine %s cannot run here: %s".formatted(kind, reason));
        });
    return engine;
  }
}
