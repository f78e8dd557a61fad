/** Renders a finished comparison. Reads what was decided and computes nothing. */
@NullMarked
package dev.quantgate.reports;

import org.jspecify.annotations.NullMarked;
