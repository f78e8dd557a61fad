package dev.quantgate.benchmarks;

/** Is told how far a transfer is. Called often, by the thread that fetches. */
@FunctionalInterface
public interface FetchProgress {

  /**
   * Takes the state of a transfer.
   *
   * @param file the file's name
   * @param done bytes that are there, those of an earlier, interrupted transfer included
   * @param total bytes that there will be
   */
  void update(String file, long done, long total);
}
