package dev.quantgate.sandbox;

import java.util.Optional;

/** Starts sandboxes of one kind. */
public interface SandboxProvider {

  /** What the user types after {@code --sandbox}. */
  String kind();

  /**
   * Sandboxes of higher preference are tried first under "auto"; below 0 is never taken by "auto".
   */
  int preference();

  /** Whether it keeps programs apart from the machine and from each other, and is tested for it. */
  default boolean isolates() {
    return preference() >= 0;
  }

  /** Why this sandbox cannot run on this machine, in one line; empty when it can. Cheap. */
  Optional<String> unavailable();

  /**
   * Starts workers.
   *
   * @throws SandboxException if it cannot be started
   */
  CodeSandbox start(SandboxOptions options);
}
