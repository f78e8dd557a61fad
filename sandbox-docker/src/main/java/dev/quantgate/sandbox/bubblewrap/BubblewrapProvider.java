package dev.quantgate.sandbox.bubblewrap;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxException.Kind;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.SandboxProvider;
import dev.quantgate.sandbox.worker.WorkerLauncher;
import dev.quantgate.sandbox.worker.WorkerPool;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The sandbox in namespaces of this machine, by bubblewrap, for Linux on x86-64. */
public final class BubblewrapProvider implements SandboxProvider {

  @Override
  public String kind() {
    return "bubblewrap";
  }

  @Override
  public int preference() {
    return 20;
  }

  @Override
  public Optional<String> unavailable() {
    if (!HostPython.isLinux() || !System.getProperty("os.arch", "").equals("amd64")) {
      return Optional.of("bubblewrap is used on Linux x86-64 only");
    }
    if (HostPython.onPath("bwrap").isEmpty()) {
      return Optional.of("no bwrap on the PATH; install the package bubblewrap");
    }
    if (HostPython.find().isEmpty()) {
      return Optional.of("no python3 of version 3.10 or later on this machine");
    }
    return Optional.empty();
  }

  /** Whether this is root, and one that may make namespaces without a user namespace. */
  private static boolean mayGiveUserIds(BubblewrapArguments arguments) {
    List<String> probe = new ArrayList<>(arguments.aroundSupervisor());
    probe.addAll(
        List.of(arguments.python().executable(), "-I", "-S", "-c", "import os;os.setuid(1)"));
    return HostPython.ask(probe.getFirst(), probe.subList(1, probe.size()).toArray(String[]::new))
        .isPresent();
  }

  /** {@inheritDoc} */
  @Override
  public CodeSandbox start(SandboxOptions options) {
    unavailable()
        .ifPresent(why -> {
          throw new SandboxException(Kind.UNAVAILABLE, why);
        });
    Path bwrap = HostPython.onPath("bwrap").orElseThrow();
    HostPython python = HostPython.find().orElseThrow();
    long bytes = options.limits().memoryBytes() + WorkerLauncher.SPARE_BYTES;
    BubblewrapArguments arguments =
        new BubblewrapArguments(bwrap.toString(), python, MemoryGroups.find(python, bytes));
    return WorkerPool.start(
        mayGiveUserIds(arguments)
            ? SupervisorLauncher.open(arguments)
            : HostLauncher.bubblewrap(arguments),
        options);
  }
}
