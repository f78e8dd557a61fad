package dev.quantgate.inference.cuda.driver;

import dev.quantgate.inference.cuda.driver.CudaLibrary.Function;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A loaded image of kernels. */
public final class CudaModule implements AutoCloseable {
  private final Context context;
  private final long handle;
  private boolean closed;

  /**
   * Loads an image: a fatbin, of which the driver takes what the device can run, or compiles it.
   *
   * @throws CudaException if it holds nothing for this device and driver
   */
  public CudaModule(Context context, byte[] image) {
    this.context = context;
    try (Arena arena = Arena.ofConfined()) {
      // A zero byte behind it ends an image that is PTX text.
      MemorySegment copy = arena.allocate(image.length + 1L, 64);
      MemorySegment.copy(MemorySegment.ofArray(image), 0, copy, 0, image.length);
      this.handle =
          context
              .library()
              .queryLong(
                  Function.cuModuleLoadDataEx,
                  (f, result) ->
                      (int) f.invokeExact(result, copy, 0, MemorySegment.NULL, MemorySegment.NULL));
    }
  }

  /**
   * A kernel of this image.
   *
   * @param name as it stands in the image ({@code extern "C"})
   * @param threads threads of a block
   * @param sharedBytes dynamic shared memory of a block
   * @param parameters its parameters in order, one letter each: P a device pointer, L a 64-bit
   *     integer, I a 32-bit integer, F a float32
   */
  public Kernel kernel(String name, int threads, int sharedBytes, String parameters) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(name);
      long function =
          context
              .library()
              .queryLong(
                  Function.cuModuleGetFunction,
                  (f, result) -> (int) f.invokeExact(result, handle, text));
      return new Kernel(context, name, function, threads, sharedBytes, parameters);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.library().call(Function.cuModuleUnload, f -> (int) f.invokeExact(handle));
    }
  }
}
