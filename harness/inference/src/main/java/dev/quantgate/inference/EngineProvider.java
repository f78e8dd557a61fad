package dev.quantgate.inference;

import dev.quantgate.inference.InferenceException.Kind;
import java.nio.file.Path;
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
