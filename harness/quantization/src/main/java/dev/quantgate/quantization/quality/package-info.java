/** Measures how near models are to a baseline on a held-out text. */
@NullMarked
package dev.quantgate.quantization.quality;

import org.jspecify.annotations.NullMarked;
