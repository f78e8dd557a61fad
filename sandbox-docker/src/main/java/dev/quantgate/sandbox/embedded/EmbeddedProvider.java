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
        : Optional.of("the running Java has no launcher in %s".formatted(bin));
  }

  @Override
  public CodeSandbox start(SandboxOptions options) {
    return EmbeddedSlots.open(options);
  }
}
