package dev.quantgate.inference.cuda;

import dev.quantgate.inference.cuda.driver.Context;
import dev.quantgate.inference.cuda.driver.CudaDriver;
import dev.quantgate.inference.cuda.driver.CudaException;
import dev.quantgate.inference.cuda.driver.CudaModule;
import dev.quantgate.inference.cuda.driver.Device;
import dev.quantgate.inference.cuda.driver.Kernel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** The kernels of this module, loaded for a context, with what their table says of each. */
final class Kernels implements AutoCloseable {
  private static final String IMAGE = "kernels.fatbin";
  private static final String TABLE = "kernels.tsv";
  private static final int LEAST_MAJOR = 8;

  /** What cuDriverGetVersion says of the toolkit that dev/build-kernels takes. */
  private static final int LEAST_DRIVER = 13_000;

  /**
   * A line of the table; -1 stands for a number that does not apply.
   *
   * @param rowsPerBlock rows that a block of a product computes
   * @param outputsPerBlock outputs that a block of a product computes
   * @param slicesInGrid 4 where the slices of the inputs are blocks of their own, else 1
   */
  record Spec(
      String name,
      int threads,
      int sharedBytes,
      int rowsPerBlock,
      int outputsPerBlock,
      int slicesInGrid,
      String parameters) {

    private static Spec parse(String line) {
      String[] cells = line.split("\t", -1);
      return new Spec(
          cells[0],
          number(cells[1]),
          number(cells[2]),
          number(cells[3]),
          number(cells[4]),
          number(cells[5]),
          cells[6].strip());
    }

    private static int number(String cell) {
      return cell.strip().equals("-") ? -1 : Integer.parseInt(cell.strip());
    }
  }

  private final CudaModule module;
  private final Map<String, Spec> specs = new LinkedHashMap<>();
  private final Map<String, Kernel> kernels = new HashMap<>();

  /**
   * Loads the image.
   *
   * @throws CudaException if the device is older than the kernels, or the driver cannot load them
   */
  Kernels(Context context) {
    Device device = context.device();
    if (!run(device)) {
      throw new CudaException(tooOld(device));
    }
    new String(resource(TABLE), StandardCharsets.UTF_8)
        .lines()
        .filter(line -> !line.isBlank() && !line.startsWith("#") && !line.startsWith("name\t"))
        .map(Spec::parse)
        .forEach(spec -> specs.put(spec.name(), spec));
    this.module = new CudaModule(context, resource(IMAGE));
  }

  /**
   * Refuses a driver that is older than the compiler of the kernels: it would neither load nor
   * translate them.
   */
  static void requireDriver(CudaDriver driver) {
    if (driver.versionNumber() < LEAST_DRIVER) {
      throw new CudaException(
          "the driver %s serves CUDA %s, the kernels need 13.0: install an NVIDIA driver of the R580 line or newer"
              .formatted(driver.path(), driver.version()));
    }
  }

  /** Whether the kernels run on a device. */
  static boolean run(Device device) {
    return device.major() >= LEAST_MAJOR;
  }

  /** Why they do not. */
  static String tooOld(Device device) {
    return "%s has compute capability %s; the kernels need 8.0 or newer (Ampere and later)"
        .formatted(device.name(), device.capability());
  }

  private static byte[] resource(String name) {
    try (InputStream in = Kernels.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new CudaException(
            "this build has no %s: build it where nvcc is, with harness/inference-cuda/dev/build-kernels"
                .formatted(name));
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All kernels, in the order of the table. */
  Iterable<Spec> specs() {
    return specs.values();
  }

  boolean has(String name) {
    return specs.containsKey(name);
  }

  Spec spec(String name) {
    Spec spec = specs.get(name);
    if (spec == null) {
      throw new IllegalArgumentException("there is no kernel %s".formatted(name));
    }
    return spec;
  }

  Kernel kernel(String name) {
    return kernels.computeIfAbsent(
        name,
        n -> {
          Spec spec = spec(n);
          return module.kernel(
              n, spec.threads(), Math.max(0, spec.sharedBytes()), spec.parameters());
        });
  }

  @Override
  public void close() {
    module.close();
  }
}
