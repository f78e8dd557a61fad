/**
 * The token sequences that a model is calibrated on, read from text or written by the model itself.
 */
@NullMarked
package dev.quantgate.quantization.calibration;

import org.jspecify.annotations.NullMarked;
