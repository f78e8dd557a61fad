package dev.quantgate.evaluation.run;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.SandboxProvider;
import dev.quantgate.sandbox.Sandboxes;
import java.util.List;
import java.util.stream.Collectors;

/** Takes the sandbox that a user named, or the first one that can run here. */
final class SandboxChoice {
  private SandboxChoice() {}

  static CodeSandbox start(String kind, SandboxOptions options) {
    List<SandboxProvider> known = Sandboxes.all();
    List<SandboxProvider> wanted =
        known.stream()
            .filter(
                provider -> kind.equals(Sandboxes.AUTO)
                    ? provider.preference() >= 0
                    : provider.kind().equals(kind))
            .toList();
    if (wanted.isEmpty()) {
      throw new SandboxException(
          SandboxException.Kind.UNAVAILABLE,
          "no sandbox \"" + kind + "\"; known: "
              + known.stream().map(SandboxProvider::kind).collect(Collectors.joining(", ")));
    }
    var reasons = new StringBuilder();
    for (SandboxProvider provider : wanted) {
      var unavailable = provider.unavailable();
      if (unavailable.isEmpty()) {
        return provider.start(options);
      }
      reasons.append(reasons.isEmpty() ? "" : "; ").append(provider.kind()).append(": ").append(unavailable.get());
    }
    throw new SandboxException(
        SandboxException.Kind.UNAVAILABLE, "no sandbox can run here: " + reasons);
  }
}
