/** Makes int4 checkpoints: round-to-nearest and GPTQ, calibrated on given or self-written text. */
@NullMarked
package dev.quantgate.quantization;

import org.jspecify.annotations.NullMarked;
