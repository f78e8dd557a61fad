package dev.quantgate.inference.cuda.driver;

import dev.quantgate.base.ErrorKind;
import dev.quantgate.base.QuantGateException;

/** A call of the CUDA driver that failed, or a driver that cannot be used. */
public final class CudaException extends QuantGateException {
  static final int OUT_OF_MEMORY = 2;
  private static final int NO_CODE = -1;

  private final int code;

  /** A driver or device that cannot be used. */
  public CudaException(String message) {
    this(message, NO_CODE);
  }

  private CudaException(String message, int code) {
    super(message);
    this.code = code;
  }

  /**
   * @param call the driver's function
   * @param code what it returned
   * @param name the code's name, such as "CUDA_ERROR_OUT_OF_MEMORY"
   * @param text the driver's own words for it
   */
  static CudaException of(String call, int code, String name, String text) {
    return new CudaException(
        "%s failed: %s (%d: %s); %s".formatted(call, name, code, text, advice(code)), code);
  }

  /** Whether the device has no memory left for what was asked. */
  public boolean isOutOfMemory() {
    return code == OUT_OF_MEMORY;
  }

  @Override
  public ErrorKind errorKind() {
    return ErrorKind.MACHINE;
  }

  private static String advice(int code) {
    return switch (code) {
      case OUT_OF_MEMORY ->
          "close what else uses the device (nvidia-smi lists it), or take less with --gpu-memory";
      case 3, 4 -> "the driver is shut down or was never initialised: start again";
      case 34 -> "this libcuda is a stub for building: install the NVIDIA driver itself";
      case 46 -> "another program holds the device alone, or it is being reset: see nvidia-smi";
      case 100 -> "no CUDA device is visible: see nvidia-smi and CUDA_VISIBLE_DEVICES";
      case 101 -> "there is no device of that number: nvidia-smi lists them, --device chooses";
      case 200, 209, 218, 222 ->
          "the driver cannot run this version's kernels: a device of compute capability 8.0 or newer"
              + " with a driver of the R580 line or newer is needed";
      case 214 -> "the device's memory reported an uncorrectable error: see nvidia-smi -q";
      case 700, 701, 709, 714, 715, 716, 717, 718, 719 ->
          "a kernel went wrong and the device's state is lost: start again; if it comes back, report it"
              + " with the device's name and this line";
      case 802, 803, 804 ->
          "driver and libcuda do not belong together: install one NVIDIA driver, and restart the machine"
              + " or container";
      default -> "see nvidia-smi and the system's log; start again";
    };
  }
}
