package dev.quantgate.inference.cuda;

import dev.quantgate.inference.cuda.driver.Device;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import dev.quantgate.inference.cuda.driver.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Multiplies rows of activations with packed weights. Which kernel serves how many rows is a matter
 * of speed alone: all sum in the same order. The warpgroup kernel alone sums in another, and is
 * taken only where {@link #allowOtherBits} says so.
 */
final class Product {
  /** What becomes of the sums: the kernels' numbers for it. */
  enum Into {
    STORE,
    ADD,
    SWIGLU,
    NARROW
  }

  /**
   * Memory that products work in.
   *
   * @param partials sums of slices of the inputs
   * @param counters zero before the first product and after each
   * @param dense an int4 matrix dequantised; at least the largest, if there is one
   * @param arranged activations in the order of the warpgroup kernel
   */
  record Scratch(
      DeviceMemory partials, DeviceMemory counters, DeviceMemory dense, DeviceMemory arranged) {}

  static final String LARGE_TILES = "r128n128";
  static final String WARPGROUPS = "wgmma";

  /** Rows from which an int4 matrix is dequantised first, and a 16-bit one goes by large tiles. */
  private static final int MANY_ROWS = 65;

  /** Rows that a block of the warpgroup kernel computes. */
  private static final int WARPGROUP_ROWS = 256;

  private final Kernels kernels;
  private final Stream stream;
  private final Device device;
  private final Scratch scratch;
  private boolean otherBits;
  private @Nullable String forced;

  Product(Kernels kernels, Stream stream, Device device, Scratch scratch) {
    this.kernels = kernels;
    this.stream = stream;
    this.device = device;
    this.scratch = scratch;
  }

  /** Takes this size of kernel for every product from now on; null for the best. */
  void force(@Nullable String size) {
    forced = size;
  }

  /** Lets many rows be computed by the warpgroup kernel, where the device has it. */
  void allowOtherBits(boolean allowed) {
    otherBits = allowed && hasWarpgroups();
  }

  /** Whether the warpgroup kernel runs here: on compute capability 9.0 alone. */
  boolean hasWarpgroups() {
    return device.major() == 9
        && device.minor() == 0
        && kernels.has("product_f16_" + WARPGROUPS);
  }

  /** {@code out = x * weights}, as {@code into} says. Strides are in elements. */
  void run(
      PackedMatrix matrix, DeviceMemory x, int ldx, int rows, DeviceMemory out, int ldo, Into into) {
    WeightFormat format = matrix.format();
    String size = size(format, matrix.outputs(), rows);
    DeviceMemory weights = matrix.data();
    DeviceMemory from = x;
    if (size.equals(LARGE_TILES) && format.int4()) {
      kernels
          .kernel("dequantise_" + format.suffix())
          .pointer(weights)
          .pointer(scratch.dense())
          .launch(stream, matrix.tiles(), 1, 1);
      weights = scratch.dense();
      format = WeightFormat.F16;
    }
    if (size.equals(WARPGROUPS)) {
      from = scratch.arranged();
      kernels
          .kernel("arrange_rows")
          .pointer(x)
          .pointer(from)
          .integer(rows)
          .integer(ldx)
          .launch(
              stream,
              2 * PackedMatrix.inputTiles(matrix.inputs()),
              2 * Math.ceilDiv(rows, WARPGROUP_ROWS),
              1);
    }
    String name = name(format, size);
    Kernels.Spec spec = kernels.spec(name);
    DeviceMemory bias = matrix.bias();
    boolean sliced = spec.slicesInGrid() == 4;
    kernels
        .kernel(name)
        .pointer(weights)
        .pointer(from)
        .pointer(out)
        .pointer(bias == null ? 0 : bias.address())
        .pointer(sliced ? scratch.partials().address() : 0)
        .pointer(sliced ? scratch.counters().address() : 0)
        .integer(rows)
        .integer(matrix.inputs())
        .integer(matrix.outputs())
        .integer(ldx)
        .integer(ldo)
        .integer(into.ordinal())
        .launch(
            stream,
            Math.ceilDiv(rows, spec.rowsPerBlock()),
            Math.ceilDiv(matrix.outputs(), spec.outputsPerBlock()),
            sliced ? 4 : 1);
  }

  private static String name(WeightFormat format, String size) {
    return "product_" + format.suffix() + "_" + size;
  }

  private String size(WeightFormat format, int outputs, int rows) {
    if (forced != null) {
      return forced;
    }
    if (otherBits && rows >= WARPGROUP_ROWS) {
      return WARPGROUPS;
    }
    if (rows >= MANY_ROWS) {
      return LARGE_TILES;
    }
    if (rows > 32 && fits(format, "r64n256")) {
      return "r64n256";
    }
    if (rows > 16 && fits(format, "r32n256")) {
      return "r32n256";
    }
    // Few outputs leave multiprocessors idle unless a block has fewer of them.
    String few =
        rows > 8
            ? "r16n64"
            : outputs < 64 * 2 * device.multiprocessors() ? "r8n32" : "r8n64";
    String bulk = few + "_bulk";
    return device.major() >= 9 && fits(format, bulk) ? bulk : few;
  }

  /** Whether there is that kernel, and a block of it has the shared memory it needs. */
  private boolean fits(WeightFormat format, String size) {
    String name = name(format, size);
    return kernels.has(name) && kernels.spec(name).sharedBytes() <= device.sharedBytes();
  }
}
