package dev.quantgate.sandbox;

import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;

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
}
