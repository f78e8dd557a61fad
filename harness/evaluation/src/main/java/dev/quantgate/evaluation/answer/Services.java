package dev.quantgate.evaluation.answer;

import dev.quantgate.benchmarks.BenchmarkData;
import dev.quantgate.benchmarks.DataOptions;
import dev.quantgate.benchmarks.SuiteData;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.protocol.Protocol;
import dev.quantgate.evaluation.protocol.Protocols;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.Sandboxes;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The doors to what lies below: data, protocols, models and sandboxes. Tests put others in their
 * place.
 */
public record Services(
    SuiteLibrary suites, ProtocolLibrary protocols, ModelLoader models, SandboxStarter sandboxes) {

  /** What this installation has. */
  public static Services standard() {
    return new Services(
        BenchmarkData::load,
        Protocols::of,
        (engine, checkpoint, options) -> Engines.find(engine).load(checkpoint, options),
        Sandboxes::open);
  }

  /** Loads a suite's items. */
  @FunctionalInterface
  public interface SuiteLibrary {
    SuiteData load(String suite, DataOptions options);
  }

  /** Finds a suite's protocol. */
  @FunctionalInterface
  public interface ProtocolLibrary {
    Protocol find(String suite, Optional<String> variant, Layout layout);
  }

  /** Loads a checkpoint into an engine. */
  @FunctionalInterface
  public interface ModelLoader {
    LanguageModel load(String engine, Path checkpoint, EngineOptions options);
  }

  /** Starts a sandbox of a kind, or the best one for "auto". */
  @FunctionalInterface
  public interface SandboxStarter {
    CodeSandbox start(String kind, SandboxOptions options);
  }
}
