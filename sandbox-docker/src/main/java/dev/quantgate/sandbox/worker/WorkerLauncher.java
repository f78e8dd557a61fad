package dev.quantgate.sandbox.worker;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** Starts supervisors of one tier, and knows what surrounds them. */
public interface WorkerLauncher extends AutoCloseable {
  /**
   * What a control group's bound lies above a job's memory limit, in bytes: the supervisor's own
   * memory, and what a job can take between two looks at it. The supervisor ends a job at its
   * limit; a kernel that must choose what to end may choose the supervisor.
   */
  long SPARE_BYTES = 128L << 20;

  /** The tier's kind, as {@code --sandbox} takes it. */
  String kind();

  /**
   * The Python sources of this tier, by their names in the worker's resources; the last one leads.
   */
  List<String> scripts();

  /** Whether what it starts keeps programs apart from the machine and from each other. */
  default boolean isolates() {
    return true;
  }

  /** What the leading script is told beyond sources and limits. */
  default Map<String, Object> setup() {
    return Map.of();
  }

  /**
   * Starts a supervisor that waits for its set-up on standard input.
   *
   * @throws dev.quantgate.sandbox.SandboxException if there is no way to start one, with the reason
   */
  Launched launch();

  /** What must be equal for two runs' verdicts to be comparable, beyond checker and limits. */
  SortedMap<String, String> identity();

  /** What may differ between runs: versions of the engine and of the machine. */
  SortedMap<String, String> facts();

  /** Removes what is left of all supervisors that were launched. Idempotent. */
  @Override
  void close();

  /**
   * A started supervisor.
   *
   * @param process its client on this machine; the streams are the supervisor's
   * @param remove removes what may outlive the client; must be quick and must not throw
   */
  record Launched(Process process, Runnable remove) {}
}
