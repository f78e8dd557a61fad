/** The CUDA engine on a stand-in for the driver, and the check of a real device. */
@NullMarked
package dev.quantgate.inference.cuda;

import org.jspecify.annotations.NullMarked;
