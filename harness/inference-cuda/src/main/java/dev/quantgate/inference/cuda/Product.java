package dev.quantgate.inference.cuda;

import dev.quantgate.inference.cuda.driver.Device;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import dev.quantgate.inference.cuda.driver.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Multiplies rows of activations with packed weights. Which kernel serves how many rows is a matter
 * of speed alone: all sum in the same order.
 */
final class Product {
  /** What becomes of the sums: the kernels' numbers for it. */
  enum Into {
    STORE,
    ADD,
    SWIGLU,
    NARROW
  }

  /** Rows from which an int4 matrix is dequantised first, and a 16-bit one goes by large tiles. */
  private static final int MANY_ROWS = 65;

  /** From this compute capability on there is a bulk copy engine. */
  private static final int BULK_MAJOR = 9;

  private final Kernels kernels;
  private final Stream stream;
  private final DeviceMemory partials;
  private final DeviceMemory counters;
  private final DeviceMemory dense;
  private final int multiprocessors;
  private final boolean bulk;
  private @Nullable String forced;

  /**
   * @param bulk whether weights for a few rows come by the bulk copy engine
   */
  Product(
      Kernels kernels,
      Stream stream,
      Device device,
      boolean bulk,
      DeviceMemory partials,
      DeviceMemory counters,
      DeviceMemory dense) {
    this.kernels = kernels;
    this.stream = stream;
    this.multiprocessors = device.multiprocessors();
    this.bulk = bulk && device.major() >= BULK_MAJOR && kernels.has("product_f16_r8n32_bulk");
    this.partials = partials;
    this.counters = counters;
    this.dense = dense;
  }

  /** Takes this size of kernel for every product from now on; null for the best. For tests. */
  void force(@Nullable String size) {
    forced = size;
  }

  /** {@code out = x * weights}, as {@code into} says. Strides are in elements. */
  void run(
      PackedMatrix matrix, DeviceMemory x, int ldx, int rows, DeviceMemory out, int ldo, Into into) {
    WeightFormat format = matrix.format();
    String size = size(matrix, rows);
    DeviceMemory weights = matrix.data();
    if (format.int4() && size.equals("r128n128")) {
      kernels
          .kernel("dequantise_" + format.suffix())
          .pointer(weights)
          .pointer(dense)
          .launch(stream, matrix.tiles(), 1, 1);
      weights = dense;
      format = WeightFormat.F16;
    }
    String name = "product_" + format.suffix() + "_" + size;
    Kernels.Spec spec = kernels.spec(name);
    DeviceMemory bias = matrix.bias();
    boolean sliced = spec.slicesInGrid() == 4;
    kernels
        .kernel(name)
        .pointer(weights)
        .pointer(x)
        .pointer(out)
        .pointer(bias == null ? 0 : bias.address())
        .pointer(sliced ? partials.address() : 0)
        .pointer(sliced ? counters.address() : 0)
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

  private String size(PackedMatrix matrix, int rows) {
    if (forced != null) {
      return forced;
    }
    if (rows >= MANY_ROWS) {
      return "r128n128";
    }
    if (rows > 32) {
      return "r64n256";
    }
    if (rows > 16) {
      return "r32n256";
    }
    // Few outputs leave multiprocessors idle unless a block has fewer of them.
    String few =
        rows > 8 ? "r16n64" : matrix.outputs() < 64 * 2 * multiprocessors ? "r8n32" : "r8n64";
    return bulk ? few + "_bulk" : few;
  }
}
