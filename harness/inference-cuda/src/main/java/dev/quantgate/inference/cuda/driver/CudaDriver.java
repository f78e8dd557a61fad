package dev.quantgate.inference.cuda.driver;

import dev.quantgate.inference.cuda.driver.CudaLibrary.Function;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** The CUDA driver of this machine, initialised. */
public final class CudaDriver {
  /** System property that names another library than {@code libcuda.so.1}. */
  public static final String LIBRARY_PROPERTY = "quantgate.cuda.library";

  /**
   * As the loader finds it; where WSL and NixOS keep it, which their loaders do not always know.
   */
  private static final List<String> LIBRARIES =
      List.of(
          "libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1", "/run/opengl-driver/lib/libcuda.so.1");

  private static final int MULTIPROCESSORS = 16;
  private static final int L2_CACHE_BYTES = 38;
  private static final int CAPABILITY_MAJOR = 75;
  private static final int CAPABILITY_MINOR = 76;
  private static final int SHARED_BYTES_PER_BLOCK = 97;

  private final CudaLibrary library;

  private CudaDriver(CudaLibrary library) {
    this.library = library;
  }

  /**
   * Loads and initialises the driver.
   *
   * @throws CudaException if there is none, it is too old, it is another library, or there is no
   *     device
   */
  public static CudaDriver open() {
    String chosen = System.getProperty(LIBRARY_PROPERTY);
    CudaLibrary library = CudaLibrary.load(chosen == null ? LIBRARIES : List.of(chosen));
    library.call(Function.cuInit, f -> (int) f.invokeExact(0));
    return new CudaDriver(library);
  }

  CudaLibrary library() {
    return library;
  }

  /** The file or name that was loaded. */
  public String path() {
    return library.path();
  }

  /** The newest CUDA version that the driver serves, such as 13000. */
  public int versionNumber() {
    return library.queryInt(
        Function.cuDriverGetVersion, (f, result) -> (int) f.invokeExact(result));
  }

  /** The same as people write it, such as "13.0". */
  public String version() {
    int version = versionNumber();
    return "%d.%d".formatted(version / 1000, version % 1000 / 10);
  }

  /** The devices that this process may see, by their ordinals. */
  public List<Device> devices() {
    int count =
        library.queryInt(Function.cuDeviceGetCount, (f, result) -> (int) f.invokeExact(result));
    var devices = new ArrayList<Device>();
    for (int ordinal = 0; ordinal < count; ordinal++) {
      devices.add(device(ordinal));
    }
    return List.copyOf(devices);
  }

  private Device device(int ordinal) {
    int handle =
        library.queryInt(Function.cuDeviceGet, (f, result) -> (int) f.invokeExact(result, ordinal));
    return new Device(
        ordinal,
        handle,
        name(handle),
        attribute(handle, CAPABILITY_MAJOR),
        attribute(handle, CAPABILITY_MINOR),
        attribute(handle, MULTIPROCESSORS),
        attribute(handle, SHARED_BYTES_PER_BLOCK),
        attribute(handle, L2_CACHE_BYTES),
        library.queryLong(
            Function.cuDeviceTotalMem_v2, (f, result) -> (int) f.invokeExact(result, handle)));
  }

  private int attribute(int device, int attribute) {
    return library.queryInt(
        Function.cuDeviceGetAttribute,
        (f, result) -> (int) f.invokeExact(result, attribute, device));
  }

  private String name(int device) {
    try (Arena arena = Arena.ofConfined()) {
      int most = 256;
      MemorySegment name = arena.allocate(most);
      library.call(Function.cuDeviceGetName, f -> (int) f.invokeExact(name, most, device));
      return name.getString(0);
    }
  }
}
