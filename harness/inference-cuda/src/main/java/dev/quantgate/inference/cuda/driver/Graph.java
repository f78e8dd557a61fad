package dev.quantgate.inference.cuda.driver;

import dev.quantgate.inference.cuda.driver.CudaLibrary.Function;

/**
 * Work that was recorded once and is replayed with one launch. Kernels keep the arguments that they
 * were recorded with, so what changes between replays must lie in device memory.
 */
public final class Graph implements AutoCloseable {
  private final Context context;
  private final long executable;
  private boolean closed;

  /** Makes a recorded graph executable, and frees the record. */
  Graph(Context context, long recorded) {
    this.context = context;
    CudaLibrary library = context.library();
    try {
      this.executable =
          library.queryLong(
              Function.cuGraphInstantiateWithFlags,
              (f, result) -> (int) f.invokeExact(result, recorded, 0L));
    } finally {
      library.call(Function.cuGraphDestroy, f -> (int) f.invokeExact(recorded));
    }
  }

  /** Replays the work behind what the stream has been given. */
  public void launch(Stream stream) {
    long of = stream.handle();
    context.library().call(Function.cuGraphLaunch, f -> (int) f.invokeExact(executable, of));
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.library().call(Function.cuGraphExecDestroy, f -> (int) f.invokeExact(executable));
    }
  }
}
