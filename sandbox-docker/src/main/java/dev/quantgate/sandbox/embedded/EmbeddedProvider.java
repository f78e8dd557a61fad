package dev.quantgate.sandbox.embedded;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.SandboxProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** CPython as WebAssembly in a forked JVM: needs nothing installed. */
public final class EmbeddedProvider implements SandboxProvider {
  static final String KIND = "embedded";

  /** Of io.trino:trino-wasm-python 3.13-8. */
  static final String PYTHON = "3.13.0 wasm32-wasi";

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public int preference() {
    return 10;
  }

  @Override
  public Optional<String> unavailable() {
    Path bin = Path.of(System.getProperty("java.home"), "bin");
    return Files.isExecutable(bin.resolve("java")) || Files.isExecutable(bin.resolve("java.exe"))
        ? Optional.empty()
        : Optional.of("the running Java has no launcher in " + bin);
  }

  @Override
  public CodeSandbox start(SandboxOptions options) {
    return new EmbeddedSandbox(options);
  }
}
