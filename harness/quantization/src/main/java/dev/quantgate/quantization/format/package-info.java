/**
 * GPTQ checkpoint folders as bytes: codes packed into words, tensors into safetensors files, both
 * configs.
 */
@NullMarked
package dev.quantgate.quantization.format;

import org.jspecify.annotations.NullMarked;
