/** Recomputes a finished result from its records, journals and data, and checks its hashes. */
@NullMarked
package dev.quantgate.evaluation.verify;

import org.jspecify.annotations.NullMarked;
