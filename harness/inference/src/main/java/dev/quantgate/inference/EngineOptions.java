package dev.quantgate.inference;

import java.time.Duration;
import java.time.LocalDate;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What a user may say about how a model runs. But for {@code chatDate}, none of it changes a number
 * or an item's outcome: too little memory ends a call with an {@link InferenceException}, and more
 * answers the same.
 *
 * @param threads worker threads, at least 1
 * @param memoryBytes the most bytes of main memory that weights, keys and values may take together;
 *     empty lets the engine choose from what the machine has
 * @param maxBatch the most sequences that run together; 0 lets the engine choose
 * @param device for engines that run on a device of their own
 * @param connection for engines that ask a served model
 * @param chatDate the day that a chat template is told ({@code strftime_now}); empty for none, so
 *     that the same messages are the same text on any day. Who sets it must name it with the
 *     results: it may change a prompt
 */
public record EngineOptions(
    int threads,
    OptionalLong memoryBytes,
    int maxBatch,
    Device device,
    Connection connection,
    Optional<LocalDate> chatDate) {

  public EngineOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, not %d".formatted(threads));
    }
    if (maxBatch < 0) {
      throw new IllegalArgumentException(
          "maxBatch must not be below 0, but is %d".formatted(maxBatch));
    }
  }

  /**
   * A device beside the processor.
   *
   * @param index which one, counted from 0; empty lets the engine choose
   * @param memoryBytes the most bytes of its memory to take; empty lets the engine choose
   */
  public record Device(OptionalInt index, OptionalLong memoryBytes) {
    /** Whatever the engine chooses. */
    public static final Device ANY = new Device(OptionalInt.empty(), OptionalLong.empty());
  }

  /**
   * How a served model is asked.
   *
   * @param timeout for one request, positive
   * @param concurrency the most requests under way at a time, at least 1
   * @param key what the server asks for as a password
   */
  public record Connection(Duration timeout, int concurrency, Optional<Secret> key) {
    /** Ten minutes, eight requests at a time, no key. */
    public static final Connection DEFAULT =
        new Connection(Duration.ofMinutes(10), 8, Optional.empty());

    public Connection {
      if (!timeout.isPositive()) {
        throw new IllegalArgumentException("timeout must be positive, not %s".formatted(timeout));
      }
      if (concurrency < 1) {
        throw new IllegalArgumentException(
            "concurrency must be at least 1, not %d".formatted(concurrency));
      }
    }
  }

  /** All processors, and otherwise what the engine chooses. */
  public static EngineOptions defaults() {
    return new EngineOptions(
        Runtime.getRuntime().availableProcessors(),
        OptionalLong.empty(),
        0,
        Device.ANY,
        Connection.DEFAULT,
        Optional.empty());
  }

  public EngineOptions withThreads(int threads) {
    return new EngineOptions(threads, memoryBytes, maxBatch, device, connection, chatDate);
  }

  public EngineOptions withMemory(OptionalLong bytes) {
    return new EngineOptions(threads, bytes, maxBatch, device, connection, chatDate);
  }

  public EngineOptions withMaxBatch(int maxBatch) {
    return new EngineOptions(threads, memoryBytes, maxBatch, device, connection, chatDate);
  }

  public EngineOptions withDevice(Device device) {
    return new EngineOptions(threads, memoryBytes, maxBatch, device, connection, chatDate);
  }

  public EngineOptions withConnection(Connection connection) {
    return new EngineOptions(threads, memoryBytes, maxBatch, device, connection, chatDate);
  }

  public EngineOptions withChatDate(Optional<LocalDate> day) {
    return new EngineOptions(threads, memoryBytes, maxBatch, device, connection, day);
  }
}
