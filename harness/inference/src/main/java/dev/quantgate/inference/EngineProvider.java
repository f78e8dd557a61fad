package dev.quantgate.inference;

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

  /**
   * Loads a checkpoint folder.
   *
   * @throws InferenceException if it cannot be loaded or does not fit {@link
   *     EngineOptions#memoryBytes}
   */
  LanguageModel load(Path checkpoint, EngineOptions options);

  /**
   * Opens a checkpoint block by block, with weights that can be replaced: the quantiser's door.
   *
   * @throws InferenceException if it cannot be opened, or this engine has no such door
   */
  BlockwiseModel openBlockwise(Path checkpoint, EngineOptions options);

  /**
   * Loads a checkpoint folder and measures memory and speed.
   *
   * @throws InferenceException if it cannot be loaded, the plan does not fit its context or memory,
   *     or this engine has no such measurement
   */
  default SpeedReport measure(Path checkpoint, EngineOptions options, SpeedPlan plan) {
    throw new InferenceException(
        InferenceException.Kind.UNSUPPORTED, "engine " + kind() + " has no benchmark");
  }
}
