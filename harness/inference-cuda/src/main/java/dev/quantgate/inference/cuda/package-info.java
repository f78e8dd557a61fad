/**
 * The CUDA engine: a model's weights packed on a device, and steps computed there. Sequences,
 * prefixes, pages, sampling and text are the business of {@code dev.quantgate.inference.engine},
 * above it; what the kernels do and how weights are packed says {@code kernels.h}.
 */
@NullMarked
package dev.quantgate.inference.cuda;

import org.jspecify.annotations.NullMarked;
