package dev.quantgate.inference.cuda;

import dev.quantgate.inference.cuda.driver.Device;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import dev.quantgate.inference.cuda.driver.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Multiplies rows of activations with packed weights. Which kernel serves how many rows is a matter
 * of speed alone: all sum in the same order. One kernel alone, {@link #YARDSTICK}, sums in another:
 * it measures what a device can do, and no model is computed by it.
 */
final class Product {
  /** What becomes of the sums: the kernels' numbers for it. */
  enum Into {
    STORE,
    ADD,
    SWIGLU,
    NARROW,
    /** The same as SWIGLU, arranged for the product that follows; the stride is its rows. */
    SWIGLU_ARRANGED
  }

  /**
   * Activations that a product reads.
   *
   * @param stride elements from one row to the next; where they are arranged, the arrangement's
   *     rows
   * @param arranged whether they lie in the order of the warpgroup kernels
   */
  record Rows(DeviceMemory memory, int stride, boolean arranged) {}

  /**
   * Memory that products work in.
   *
   * @param partials sums of slices of the inputs
   * @param counters zero before the first product and after each
   * @param dense an int4 matrix dequantised; at least the largest, if there is one
   * @param arranged activations in the order of the warpgroup kernels
   */
  record Scratch(
      DeviceMemory partials, DeviceMemory counters, DeviceMemory dense, DeviceMemory arranged) {}

  static final String LARGE_TILES = "r128n128";
  static final String YARDSTICK = "wgmma";

  /** The first letter of the sizes whose activations are arranged first. */
  private static final char WIDE = 'w';

  /** Rows from which an int4 matrix is dequantised first, and a 16-bit one goes by large tiles. */
  private static final int MANY_ROWS = 65;

  /** Rows that a block of the yardstick computes. */
  private static final int YARDSTICK_ROWS = 256;

  /** Rows that a block of {@code arrange_rows} arranges. */
  private static final int ARRANGED_ROWS = 128;

  /** Outputs from which blocks of 256 of them are enough. */
  private static final int WIDE_OUTPUTS = 16_384;

  /** Rows up to which as many blocks as can be, of few outputs each, are best. */
  private static final int FEWEST_ROWS = 4;

  private final Kernels kernels;
  private final Stream stream;
  private final Device device;
  private final Scratch scratch;
  private boolean byWarpgroups;
  private @Nullable String forced;

  Product(Kernels kernels, Stream stream, Device device, Scratch scratch) {
    this.kernels = kernels;
    this.stream = stream;
    this.device = device;
    this.scratch = scratch;
    this.byWarpgroups = hasWarpgroups();
  }

  /** Takes this size of kernel for every product from now on; null for the best. */
  void force(@Nullable String size) {
    forced = size;
  }

  /** Whether warpgroup kernels are taken where they are faster and the device has them. */
  void byWarpgroups(boolean wanted) {
    byWarpgroups = wanted && hasWarpgroups();
  }

  private boolean hasWarpgroups() {
    return hasWarpgroups(device, kernels);
  }

  /** Whether warpgroup kernels run on a device: on compute capability 9.0 alone. */
  static boolean hasWarpgroups(Device device, Kernels kernels) {
    return device.major() == 9 && device.minor() == 0 && kernels.has("product_f16_w128n128");
  }

  /**
   * Whether so many rows for a matrix are best arranged by what makes them: then their buffer, of
   * {@link #arrangedRows} rows, holds them in another order, and has no columns of padding.
   */
  boolean wantsArranged(PackedMatrix matrix, int rows) {
    return forced == null
        && matrix.order() == null
        && matrix.inputs() % WeightFormat.TILE_INPUTS == 0
        && wide(size(matrix.format(), matrix.outputs(), rows));
  }

  /** Whether a size of kernel reads activations that were arranged. */
  static boolean wide(String size) {
    return size.charAt(0) == WIDE;
  }

  /** Rows of the arrangement of so many rows. */
  static int arrangedRows(int rows) {
    return Math.ceilDiv(rows, ARRANGED_ROWS) * ARRANGED_ROWS;
  }

  /** {@code out = x * weights}, as {@code into} says. Strides are in elements. */
  void run(
      PackedMatrix matrix,
      DeviceMemory x,
      int ldx,
      int rows,
      DeviceMemory out,
      int ldo,
      Into into) {
    run(matrix, new Rows(x, ldx, false), rows, out, ldo, into);
  }

  /** The same of rows that may be arranged. */
  void run(PackedMatrix matrix, Rows x, int rows, DeviceMemory out, int ldo, Into into) {
    WeightFormat format = matrix.format();
    String size = forced != null ? forced : size(format, matrix.outputs(), rows);
    DeviceMemory weights = matrix.data();
    DeviceMemory from = x.memory();
    if (size.equals(LARGE_TILES) && format.int4()) {
      kernels
          .kernel("dequantise_" + format.suffix())
          .pointer(weights)
          .pointer(scratch.dense())
          .launch(stream, matrix.tiles(), 1, 1);
      weights = scratch.dense();
      format = WeightFormat.F16;
    }
    int stride = x.stride();
    if (wide(size) && !x.arranged()) {
      from = scratch.arranged();
      int blocks =
          size.equals(YARDSTICK)
              ? 2 * Math.ceilDiv(rows, YARDSTICK_ROWS)
              : arrangedRows(rows) / ARRANGED_ROWS;
      stride = blocks * ARRANGED_ROWS;
      kernels
          .kernel("arrange_rows")
          .pointer(x.memory())
          .pointer(from)
          .integer(rows)
          .integer(x.stride())
          .launch(stream, 2 * PackedMatrix.inputTiles(matrix.inputs()), blocks, 1);
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
        .integer(stride)
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

  /** The size of kernel that serves a matrix of so many outputs, times so many rows. */
  String size(WeightFormat format, int outputs, int rows) {
    if (byWarpgroups && rows >= MANY_ROWS) {
      return "w128n128";
    }
    if (byWarpgroups && rows > 32 && format.int4()) {
      return outputs < WIDE_OUTPUTS ? "w64n128" : "w64n256";
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
    String few = rows > 8 ? "r16n64" : eight(format, outputs, rows);
    String bulk = few + "_bulk";
    return device.major() >= 9 && fits(format, bulk) ? bulk : few;
  }

  /**
   * A kernel of eight rows. Few outputs leave multiprocessors idle unless a block has few of them;
   * and of as many blocks as run at once, a second round must not be a small one.
   */
  private String eight(WeightFormat format, int outputs, int rows) {
    int atOnce = 2 * device.multiprocessors();
    int blocks = Math.ceilDiv(outputs, 32);
    if (rows > FEWEST_ROWS || !format.int4()) {
      return blocks < 2 * atOnce ? "r8n32" : "r8n64";
    }
    if (blocks <= atOnce || blocks > 2 * atOnce) {
      return "r8n32";
    }
    boolean thin =
        device.major() >= 9
            && blocks <= 3 * device.multiprocessors()
            && fits(format, "r8n32_thin_bulk");
    return thin ? "r8n32_thin" : "r8n64";
  }

  /** Whether there is that kernel, and a block of it has the shared memory it needs. */
  private boolean fits(WeightFormat format, String size) {
    String name = name(format, size);
    return kernels.has(name) && kernels.spec(name).sharedBytes() <= device.sharedBytes();
  }
}
