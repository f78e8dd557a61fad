package dev.quantgate.inference.cuda;

import dev.quantgate.inference.cuda.driver.DeviceMemory;
import org.jspecify.annotations.Nullable;

/**
 * One or several weight matrices with the same inputs, packed on the device.
 *
 * @param data {@code outputTiles * inputTiles} tiles, the output tiles rounded up to sixteen
 * @param inputs how many inputs there are
 * @param outputs packed outputs that are computed: the end of the last source's
 * @param bias float32 by packed output, or null
 * @param order the checkpoint's input at each packed input, or null where that is the same
 */
record PackedMatrix(
    WeightFormat format,
    DeviceMemory data,
    int inputs,
    int outputs,
    @Nullable DeviceMemory bias,
    @Nullable DeviceMemory order)
    implements AutoCloseable {

  private static final int OUTPUT_TILES_AT_ONCE = 16;

  static int inputTiles(int inputs) {
    return Math.ceilDiv(inputs, WeightFormat.TILE_INPUTS);
  }

  static int outputTiles(int outputs) {
    return Math.ceilDiv(
            Math.ceilDiv(outputs, WeightFormat.TILE_OUTPUTS), OUTPUT_TILES_AT_ONCE)
        * OUTPUT_TILES_AT_ONCE;
  }

  /** Bytes of the packed data of a matrix. */
  static long bytes(WeightFormat format, int inputs, int outputs) {
    return (long) inputTiles(inputs) * outputTiles(outputs) * format.tileBytes();
  }

  int tiles() {
    return inputTiles(inputs) * outputTiles(outputs);
  }

  /** Bytes that a product reads: the tiles without the padding behind the last output. */
  long readBytes() {
    return (long) inputTiles(inputs)
        * Math.ceilDiv(outputs, WeightFormat.TILE_OUTPUTS)
        * format.tileBytes();
  }

  @Override
  public void close() {
    data.close();
    if (bias != null) {
      bias.close();
    }
    if (order != null) {
      order.close();
    }
  }
}
