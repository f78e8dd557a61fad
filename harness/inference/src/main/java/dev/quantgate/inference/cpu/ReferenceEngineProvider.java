package dev.quantgate.inference.cpu;

import dev.quantgate.inference.BlockwiseModel;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.EngineProvider;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.LanguageModel;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The engine of kind "reference": {@link ReferenceEngine}, the plain scalar oracle of the fast one,
 * on one thread. Slower by one or two orders of magnitude, so it is never chosen but by its name.
 */
public final class ReferenceEngineProvider implements EngineProvider {
  private final CpuEngineProvider cpu = new CpuEngineProvider();

  /** Found by {@link java.util.ServiceLoader}. */
  public ReferenceEngineProvider() {}

  @Override
  public String kind() {
    return "reference";
  }

  @Override
  public int preference() {
    return -1;
  }

  @Override
  public Optional<String> unavailable() {
    return cpu.unavailable();
  }

  @Override
  public LanguageModel load(Path folder, EngineOptions options) {
    return cpu.load(
        folder,
        new EngineOptions(
            options.threads(),
            options.memoryBytes(),
            options.maxBatch(),
            options.sharePrefixes(),
            true));
  }

  @Override
  public BlockwiseModel openBlockwise(Path folder, EngineOptions options) {
    throw new InferenceException(
        InferenceException.Kind.UNSUPPORTED,
        "engine reference runs whole models only, not block by block; take --engine cpu");
  }
}
