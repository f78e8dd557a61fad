package dev.quantgate.inference.cuda;

import dev.quantgate.inference.cuda.driver.Context;
import dev.quantgate.inference.cuda.driver.CudaDriver;
import dev.quantgate.inference.cuda.driver.CudaException;
import dev.quantgate.inference.cuda.driver.Device;
import dev.quantgate.inference.cuda.driver.Stream;
import java.util.List;
import java.util.OptionalInt;

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
   * @param wanted its number among the visible ones; empty for the first that runs the kernels
   * @throws CudaException if there is no driver or no such device, or it cannot run the kernels
   */
  static DeviceSession open(OptionalInt wanted) {
    CudaDriver driver = CudaDriver.open();
    Kernels.requireDriver(driver);
    List<Device> devices = driver.devices();
    int ordinal =
        wanted.orElseGet(() ->
            devices.stream().filter(Kernels::run).mapToInt(Device::ordinal).findFirst().orElse(0));
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
      return new DeviceSession(driver, context, stream, kernels);
    } catch (RuntimeException | Error e) {
      owned.closeAfter(e);
      throw e;
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
    var all = new Owned();
    all.add(context);
    all.add(kernels);
    all.add(stream);
    all.add(context::makeCurrent);
    all.close();
  }
}
