package dev.quantgate.inference.cpu;

import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.EngineProvider;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.ModelIdentity;
import dev.quantgate.inference.ModelPreview;
import dev.quantgate.inference.ModelReference;
import dev.quantgate.inference.engine.Batching;
import dev.quantgate.inference.engine.FolderPreview;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The engine of kind "reference": {@link ReferenceStepExecutor}, the plain scalar oracle of the
 * fast one, on one thread. Slower by one or two orders of magnitude, so it is never chosen but by
 * its name.
 */
public final class ReferenceEngineProvider implements EngineProvider {
  private static final String REVISION = "cpu-reference/1";
  private static final int ANSWERS_AT_ONCE = 8;

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
  public boolean opens(ModelReference reference) {
    return cpu.opens(reference);
  }

  @Override
  public Optional<ModelPreview> preview(ModelReference reference) {
    return Optional.of(FolderPreview.of(folder(reference)));
  }

  @Override
  public Optional<ModelIdentity> identify(ModelReference reference) {
    return CpuEngineProvider.identify(folder(reference), REVISION);
  }

  @Override
  public LanguageModel load(ModelReference reference, EngineOptions options) {
    Path folder = folder(reference);
    return CpuEngineProvider.open(
        folder,
        options,
        REVISION,
        "CPU, scalar reference, 1 thread",
        Batching.of(options.maxBatch(), ANSWERS_AT_ONCE),
        checkpoint ->
            new ReferenceStepExecutor(
                checkpoint, CpuEngineProvider.memory(options), folder.toString()));
  }
}
