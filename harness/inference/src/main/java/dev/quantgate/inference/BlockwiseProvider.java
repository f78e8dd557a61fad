package dev.quantgate.inference;

import java.nio.file.Path;

/** An engine that also opens checkpoints block by block: the quantiser's door. */
public interface BlockwiseProvider extends EngineProvider {

  /**
   * Opens a checkpoint block by block, with weights that can be replaced.
   *
   * @throws InferenceException if it cannot be opened
   */
  BlockwiseModel openBlockwise(Path folder, EngineOptions options);
}
