package dev.quantgate.sandbox.bubblewrap;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxException.Kind;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.SandboxProvider;
import dev.quantgate.sandbox.worker.WorkerPool;
import java.util.Optional;

/**
 * No sandbox: programs run as processes of this machine, with time and memory limits and nothing
 * else. Only for programs that are known, only when it is named, and named in every report.
 */
public final class UnsafeLocalProvider implements SandboxProvider {

  @Override
  public String kind() {
    return "unsafe-local";
  }

  @Override
  public int preference() {
    return -1;
  }

  @Override
  public Optional<String> unavailable() {
    return HostPython.isLinux() && HostPython.find().isPresent()
        ? Optional.empty()
        : Optional.of("unsafe-local needs Linux with a python3 of version 3.10 or later");
  }

  /** {@inheritDoc} */
  @Override
  public CodeSandbox start(SandboxOptions options) {
    HostPython python =
        HostPython.find()
            .orElseThrow(() ->
                new SandboxException(
                    Kind.UNAVAILABLE, "unsafe-local needs a python3 of version 3.10 or later"));
    return WorkerPool.start(HostLauncher.bare(python), options);
  }
}
