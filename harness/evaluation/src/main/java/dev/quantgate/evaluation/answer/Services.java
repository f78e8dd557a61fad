package dev.quantgate.evaluation.answer;

import dev.quantgate.base.UserCache;
import dev.quantgate.evaluation.protocol.Suite;
import dev.quantgate.evaluation.suite.Suites;
import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.Engines;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.ModelIdentity;
import dev.quantgate.inference.ModelPreview;
import dev.quantgate.inference.ModelReference;
import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.Sandboxes;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The doors to what lies below: suites, models and sandboxes. Tests put others in their place.
 *
 * @param cache a folder for what can be made again: finished baselines, self-tests of sandboxes
 */
public record Services(
    SuiteLibrary suites, ModelLoader models, SandboxStarter sandboxes, Optional<Path> cache) {

  /** With no folder for what can be made again. */
  public Services(SuiteLibrary suites, ModelLoader models, SandboxStarter sandboxes) {
    this(suites, models, sandboxes, Optional.empty());
  }

  /** What this installation has. */
  public static Services standard() {
    return new Services(
        Suites::find,
        new EngineModels(),
        Sandboxes::open,
        Optional.of(UserCache.folder("evaluation")));
  }

  /** Models of the engines of this machine. */
  private record EngineModels() implements ModelLoader {
    @Override
    public LanguageModel load(String engine, ModelReference model, EngineOptions options) {
      return Engines.find(engine, model).load(model, options);
    }

    @Override
    public Optional<ModelIdentity> identify(String engine, ModelReference model) {
      return Engines.find(engine, model).identify(model);
    }

    @Override
    public Optional<ModelPreview> preview(String engine, ModelReference model) {
      return Engines.find(engine, model).preview(model);
    }
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

  /** Loads a model into an engine of a kind, or for "auto" into the best that opens it. */
  @FunctionalInterface
  public interface ModelLoader {
    LanguageModel load(String engine, ModelReference model, EngineOptions options);

    /** What a load would say of the model, as far as it is known without; empty where it is not. */
    default Optional<ModelIdentity> identify(String engine, ModelReference model) {
      return Optional.empty();
    }

    /** Refuses a model that no load could bring, and tells what is known without its weights. */
    default Optional<ModelPreview> preview(String engine, ModelReference model) {
      return Optional.empty();
    }
  }

  /** Starts a sandbox of a kind, or the best one for "auto". */
  @FunctionalInterface
  public interface SandboxStarter {
    CodeSandbox start(String kind, SandboxOptions options);
  }
}
