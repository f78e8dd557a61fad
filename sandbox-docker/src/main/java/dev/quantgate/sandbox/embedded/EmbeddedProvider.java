package dev.quantgate.sandbox.embedded;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.SandboxProvider;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import run.endive.runtime.Instance;
import run.endive.wasm.WasmModule;

/** CPython as WebAssembly in a forked JVM: needs nothing installed. */
public final class EmbeddedProvider implements SandboxProvider {
  static final String KIND = "embedded";

  /** Of io.trino:trino-wasm-python 3.13-8. */
  static final String PYTHON = "3.13.2 wasm32-wasi";

  private static final String MAVEN = "/META-INF/maven/run.endive/%s/pom.properties";

  /** Version of the WebAssembly runtime in this build: of what executes, then of what parses. */
  static String runtime() {
    String runtime = version(Instance.class, "runtime");
    String parser = version(WasmModule.class, "wasm");
    return runtime.equals(parser)
        ? "endive " + runtime
        : "endive %s with wasm %s".formatted(runtime, parser);
  }

  private static String version(Class<?> type, String artifact) {
    try (InputStream in = type.getResourceAsStream(MAVEN.formatted(artifact))) {
      Properties properties = new Properties();
      if (in != null) {
        properties.load(in);
      }
      return properties.getProperty("version", "unknown");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

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
    return EmbeddedSlots.open(options);
  }
}
