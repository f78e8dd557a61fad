package dev.quantgate.inference.cuda;

import dev.quantgate.inference.LayerArithmetic;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import dev.quantgate.inference.cuda.driver.Stream;

/**
 * The sum of {@code x x^T} over rows of binary16, which grows by {@link
 * LayerArithmetic#TOKENS_AT_ONCE} rows, whatever pieces the rows come in.
 */
final class OuterProducts {
  private static final int AT_ONCE = LayerArithmetic.TOKENS_AT_ONCE;
  private static final int TILE = 64;

  private final Kernels kernels;
  private final Stream stream;
  private final int width;
  private final int stride;
  private final DeviceMemory sums;
  private final DeviceMemory chunk;
  private int filled;

  /**
   * @param width elements of a row that are inputs
   * @param stride elements from one row to the next
   * @param owned what its memory is added to
   */
  OuterProducts(DeviceSession session, int width, int stride, Owned owned) {
    this.kernels = session.kernels();
    this.stream = session.stream();
    this.width = width;
    this.stride = stride;
    this.sums = owned.add(new DeviceMemory(session.context(), 8L * width * width));
    this.chunk = owned.add(new DeviceMemory(session.context(), 2L * AT_ONCE * stride));
    stream.fill(sums, 0);
  }

  /** Adds the first rows of some memory, once the stream comes to it. */
  void add(DeviceMemory from, int rows) {
    long rowBytes = 2L * stride;
    for (int at = 0; at < rows; ) {
      int count = Math.min(AT_ONCE - filled, rows - at);
      stream.copy(chunk, filled * rowBytes, from, at * rowBytes, count * rowBytes);
      at += count;
      filled += count;
      if (filled == AT_ONCE) {
        flush();
      }
    }
  }

  private void flush() {
    int tiles = Math.ceilDiv(width, TILE);
    kernels
        .kernel("add_outer_products")
        .pointer(chunk)
        .pointer(sums)
        .integer(filled)
        .integer(width)
        .integer(stride)
        .launch(stream, tiles, tiles, 1);
    filled = 0;
  }

  /** The sums, float64 {@code [width, width]}, right on and above the diagonal. */
  DeviceMemory finish() {
    if (filled > 0) {
      flush();
    }
    return sums;
  }
}
