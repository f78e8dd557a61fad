/** The CPU engine: Vector API kernels over mapped weights, and the scalar oracle beside them. */
@NullMarked
package dev.quantgate.inference.cpu;

import org.jspecify.annotations.NullMarked;
