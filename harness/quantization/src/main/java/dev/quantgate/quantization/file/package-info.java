/** Bytes and JSON on their way to a file, for all rooms of this module. */
@NullMarked
package dev.quantgate.quantization.file;

import org.jspecify.annotations.NullMarked;
