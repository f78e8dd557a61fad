package dev.quantgate.inference.cuda.driver;

/**
 * A CUDA device.
 *
 * @param ordinal its number among the visible devices
 * @param handle the driver's CUdevice
 * @param name such as "NVIDIA H100 80GB HBM3"
 * @param major its compute capability before the dot
 * @param minor its compute capability behind the dot
 * @param multiprocessors how many there are
 * @param sharedBytes the most shared memory that a block may ask for
 * @param cacheBytes of its second-level cache
 * @param memoryBytes all of its memory
 */
public record Device(
    int ordinal,
    int handle,
    String name,
    int major,
    int minor,
    int multiprocessors,
    int sharedBytes,
    int cacheBytes,
    long memoryBytes) {

  /** The compute capability, such as "9.0". */
  public String capability() {
    return "%d.%d".formatted(major, minor);
  }
}
