package dev.quantgate.inference;

import dev.quantgate.inference.InferenceException.Kind;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Makes live models of one kind. Implementations are found through {@link java.util.ServiceLoader}.
 */
public interface EngineProvider {

  /** What the user types after {@code --engine}: "cpu", "reference". */
  String kind();

  /**
   * Engines of higher preference are tried first when the user asks for "auto"; one below 0 is
   * taken only by its name.
   */
  int preference();

  /** Why this engine cannot run on this machine, in one line; empty when it can. */
  Optional<String> unavailable();

  /**
   * What a user may want to know of where this engine computes, one line each: devices and their
   * memory. Asked only where it can run.
   */
  default List<String> details() {
    return List.of();
  }

  /** Whether it computes on a device of its own, as {@link EngineOptions.Device} names one. */
  default boolean hasDevice() {
    return false;
  }

  /** Whether this engine opens references of that type. What lies there is not looked at. */
  boolean opens(ModelReference reference);

  /**
   * Loads a model.
   *
   * @param reference of a type that this engine {@link #opens}
   * @throws InferenceException if it cannot be loaded or does not fit {@link
   *     EngineOptions#memoryBytes}
   */
  LanguageModel load(ModelReference reference, EngineOptions options);

  /**
   * What a load would say of itself, as far as it is known without loading: enough to tell whether
   * it is the model of an earlier run. Empty where only a load tells.
   *
   * @param reference of a type that this engine {@link #opens}
   */
  default Optional<ModelIdentity> identify(ModelReference reference) {
    return Optional.empty();
  }

  /**
   * A model before its weights are read; refuses what a load would refuse, as far as it is known by
   * then. Empty where only a load tells.
   *
   * @param reference of a type that this engine {@link #opens}
   * @throws InferenceException if files are missing or damaged
   */
  default Optional<ModelPreview> preview(ModelReference reference) {
    return Optional.empty();
  }

  /** Loads the checkpoint in a folder. */
  default LanguageModel load(Path folder, EngineOptions options) {
    return load(new ModelReference.Folder(folder), options);
  }

  /**
   * Loads a model and measures memory and speed.
   *
   * @throws InferenceException if it cannot be loaded, the plan does not fit its context or memory,
   *     or this engine has no such measurement
   */
  default SpeedReport measure(ModelReference reference, EngineOptions options, SpeedPlan plan) {
    throw new InferenceException(Kind.UNSUPPORTED, "engine %s has no benchmark".formatted(kind()));
  }

  /** Names of the shapes that {@link #measureShape} knows besides folders with a config.json. */
  default List<String> shapes() {
    return List.of();
  }

  /**
   * Measures models of a shape in 4 and in 16 bits, with weights made up where it is computed.
   *
   * @param shape one of {@link #shapes}, or a folder with a config.json
   * @throws InferenceException if there is no such shape, or this engine has no such measurement
   */
  default ShapeReport measureShape(String shape, EngineOptions options, ShapePlan plan) {
    throw new InferenceException(
        Kind.UNSUPPORTED,
        "engine %s makes no weights up; take --engine cuda, or --model DIR".formatted(kind()));
  }

  /** The folder of a reference, for an engine that opens folders only. */
  default Path folder(ModelReference reference) {
    if (reference instanceof ModelReference.Folder(Path path)) {
      return path;
    }
    throw new InferenceException(
        Kind.UNSUPPORTED,
        "engine %s loads checkpoint folders, not %s".formatted(kind(), reference));
  }
}
