/**
 * Makes int4 checkpoints, round-to-nearest or GPTQ, calibrated on given or self-written text. Here
 * are the words that all rooms share: what is asked for, what was done, how far it is. {@code
 * job.Quantizer} does it, {@code quality.ModelDistance} measures it.
 */
@NullMarked
package dev.quantgate.quantization;

import org.jspecify.annotations.NullMarked;
