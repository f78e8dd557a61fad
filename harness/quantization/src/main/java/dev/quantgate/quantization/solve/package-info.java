/**
 * Puts a layer's weights on a grid, by rounding or by GPTQ: Hessians, factors, clip search, the
 * columns one after another.
 */
@NullMarked
package dev.quantgate.quantization.solve;

import org.jspecify.annotations.NullMarked;
