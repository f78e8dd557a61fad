package dev.quantgate.evaluation.answer;

import dev.quantgate.evaluation.protocol.Suite;
import dev.quantgate.evaluation.suite.Suites;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.Sandboxes;
import java.nio.file.Path;

/** The doors to what lies below: suites, models and sandboxes. Tests put others in their place. */
public record Services(SuiteLibrary suites, ModelLoader models, SandboxStarter sandboxes) {

  /** What this installation has. */
  public static Services standard() {
    return new Services(
        Suites::find,
        (engine, checkpoint, options) -> Engines.find(engine).load(checkpoint, options),
        Sandboxes::open);
  }

  /** Finds a suite by what the user types. */
  @FunctionalInterface
  public interface SuiteLibrary {
    /**
     * The suite.
     *
     * @throws IllegalArgumentException if there is none, naming the known ones
     */
    Suite<?> find(String reference);
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
