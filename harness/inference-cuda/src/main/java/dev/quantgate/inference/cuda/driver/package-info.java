/**
 * The CUDA driver library, bound through the foreign function API: devices, memory, modules,
 * kernels, streams, events and graphs. It knows nothing of models.
 *
 * <p>Every function is bound by its exact versioned symbol, every return code is checked, and every
 * failure is a {@link dev.quantgate.inference.cuda.driver.CudaException} that names the call. A
 * context and all that belongs to it are used by one thread at a time.
 *
 * <p>Source: NVIDIA, CUDA Driver API reference manual.
 */
@NullMarked
package dev.quantgate.inference.cuda.driver;

import org.jspecify.annotations.NullMarked;
