package dev.quantgate.sandbox.docker;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxException.Kind;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.SandboxProvider;
import dev.quantgate.sandbox.SelfTest;
import dev.quantgate.sandbox.worker.WorkerPool;
import java.util.Optional;

/** The sandbox in containers, by Docker or Podman. */
public final class DockerProvider implements SandboxProvider {
  private final Engine engine;

  /** For {@link java.util.ServiceLoader}. */
  public DockerProvider() {
    this(Engines.find());
  }

  DockerProvider(Engine engine) {
    this.engine = engine;
  }

  @Override
  public String kind() {
    return "docker";
  }

  @Override
  public int preference() {
    return 30;
  }

  @Override
  public Optional<String> unavailable() {
    if (SandboxImage.id(engine, SandboxImage.TAG).isPresent()) {
      return Optional.empty();
    }
    return Optional.of(
        engine
            .silence()
            .orElse(
                "the image "
                    + SandboxImage.TAG
                    + " is missing; make it with `quantgate sandbox build`"));
  }

  /** {@inheritDoc} */
  @Override
  public CodeSandbox start(SandboxOptions options) {
    unavailable()
        .ifPresent(why -> {
          throw new SandboxException(Kind.UNAVAILABLE, why);
        });
    Optional<String> strongest = DockerLauncher.strongestRuntime(engine);
    if (strongest.isPresent()) {
      try {
        return tested(start(options, strongest), options);
      } catch (SandboxException e) {
        if (e.kind() == Kind.INTERRUPTED) {
          throw e;
        }
        options
            .notes()
            .accept(
                "the runtime %s is not taken but the engine's own: %s"
                    .formatted(strongest.get(), e.getMessage()));
      }
    }
    return start(options, Optional.empty());
  }

  /** The same sandbox if it passes the self-test, which it is closed for else. */
  private CodeSandbox tested(CodeSandbox sandbox, SandboxOptions options) {
    try {
      SelfTest.of(this, options.checker()).require(sandbox);
      return sandbox;
    } catch (RuntimeException e) {
      sandbox.close();
      throw e;
    }
  }

  private CodeSandbox start(SandboxOptions options, Optional<String> runtime) {
    return WorkerPool.start(DockerLauncher.open(engine, options.limits(), runtime), options);
  }
}
