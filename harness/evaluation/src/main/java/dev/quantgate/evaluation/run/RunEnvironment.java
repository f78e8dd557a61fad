package dev.quantgate.evaluation.run;

import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.Engines;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.Sandboxes;
import java.util.Optional;

/**
 * What computes. The engine options change no number and no fault; engine and sandbox kind are part
 * of a run's identity.
 *
 * @param engine an engine's kind, or "auto"
 * @param sandbox a sandbox's kind, or "auto"
 * @param requiredSandbox a kind without which the run is refused, whatever "auto" would take
 */
public record RunEnvironment(
    String engine,
    EngineOptions engineOptions,
    String sandbox,
    Optional<String> requiredSandbox,
    SandboxOptions sandboxOptions) {

  public static RunEnvironment defaults() {
    return new RunEnvironment(
        Engines.AUTO,
        EngineOptions.defaults(),
        Sandboxes.AUTO,
        Optional.empty(),
        SandboxOptions.defaults());
  }
}
