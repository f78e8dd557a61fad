package dev.quantgate.inference.cuda;

import dev.quantgate.inference.cuda.driver.Context;
import dev.quantgate.inference.cuda.driver.CudaDriver;
import dev.quantgate.inference.cuda.driver.CudaException;
import dev.quantgate.inference.cuda.driver.Device;
import dev.quantgate.inference.cuda.driver.Stream;
import java.util.List;

/**
 * A device in use: its context, a stream, and the kernels.
 *
 * @param driver what serves it
 */
record DeviceSession(CudaDriver driver, Context context, Stream stream, Kernels kernels)
    implements AutoCloseable {

  /**
   * Opens a device.
   *
   * @param ordinal its number among the visible ones
   * @throws CudaException if there is no driver or no such device, or it cannot run the kernels
   */
  static DeviceSession open(int ordinal) {
    CudaDriver driver = CudaDriver.open();
    List<Device> devices = driver.devices();
    if (ordinal < 0 || ordinal >= devices.size()) {
      throw new CudaException(
          "there is no CUDA device %d; %s"
              .formatted(
                  ordinal,
                  devices.isEmpty()
                      ? "none is visible: see nvidia-smi and CUDA_VISIBLE_DEVICES"
                      : "visible are 0 to %d".formatted(devices.size() - 1)));
    }
    var owned = new Owned();
    try {
      Context context = owned.add(new Context(driver, devices.get(ordinal)));
      Kernels kernels = owned.add(new Kernels(context));
      Stream stream = owned.add(new Stream(context));
      var session = new DeviceSession(driver, context, stream, kernels);
      owned.release();
      return session;
    } finally {
      owned.close();
    }
  }

  /** The device for people. */
  String describe() {
    return "%s (compute capability %s, CUDA %s)"
        .formatted(device().name(), device().capability(), driver.version());
  }

  Device device() {
    return context.device();
  }

  @Override
  public void close() {
    context.makeCurrent();
    stream.close();
    kernels.close();
    context.close();
  }
}
