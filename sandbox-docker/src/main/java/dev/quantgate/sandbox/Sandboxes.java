package dev.quantgate.sandbox;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/** Finds the sandbox that a user named, or the strongest one whose self-test passes here. */
public final class Sandboxes {
  /** What a user types to let QuantGate choose. */
  public static final String AUTO = "auto";

  private Sandboxes() {}

  /** All kinds, the preferred ones first. */
  public static List<SandboxProvider> all() {
    return ServiceLoader.load(SandboxProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparingInt(SandboxProvider::preference).reversed())
        .toList();
  }

  /**
   * Starts a sandbox and gives it out once its self-test has passed.
   *
   * @param kind a provider's kind, or {@link #AUTO} for the first of {@link #all} that works; a
   *     kind of negative preference is started only by its name
   * @throws SandboxException of kind UNAVAILABLE if no such sandbox can be started here, and of
   *     kind SELF_TEST_FAILED if the one that was named gave a wrong verdict
   */
  public static CodeSandbox open(String kind, SandboxOptions options) {
    return open(all(), kind, options);
  }

  static CodeSandbox open(List<SandboxProvider> providers, String kind, SandboxOptions options) {
    if (!kind.equals(AUTO)) {
      SandboxProvider named =
          providers.stream()
              .filter(each -> each.kind().equals(kind))
              .findFirst()
              .orElseThrow(() ->
                  new SandboxException(
                      SandboxException.Kind.UNAVAILABLE,
                      "no sandbox is called '%s'; there are %s, or %s for the strongest that works here"
                          .formatted(kind, names(providers), AUTO)));
      return openTested(named, options);
    }
    List<String> refusals = new ArrayList<>();
    for (SandboxProvider each : providers) {
      if (each.isolates()) {
        try {
          return openTested(each, options);
        } catch (SandboxException e) {
          if (e.kind() == SandboxException.Kind.INTERRUPTED) {
            throw e;
          }
          refusals.add(e.getMessage());
        }
      }
    }
    throw new SandboxException(
        SandboxException.Kind.UNAVAILABLE,
        "no sandbox works on this machine, so no program of a model is executed; %s"
            .formatted(String.join("; ", refusals)));
  }

  private static CodeSandbox openTested(SandboxProvider provider, SandboxOptions options) {
    Optional<String> why = provider.unavailable();
    if (why.isPresent()) {
      throw new SandboxException(
          SandboxException.Kind.UNAVAILABLE,
          "sandbox %s cannot run here: %s".formatted(provider.kind(), why.get()));
    }
    CodeSandbox sandbox = provider.start(options);
    try {
      SelfTest.of(provider, options.checker()).require(sandbox);
      return sandbox;
    } catch (RuntimeException e) {
      sandbox.close();
      throw e;
    }
  }

  private static String names(List<SandboxProvider> providers) {
    return providers.stream().map(SandboxProvider::kind).collect(Collectors.joining(", "));
  }
}
