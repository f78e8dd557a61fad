/** What is decided about a comparison, and by which policy. */
@NullMarked
package dev.quantgate.evaluation.gate;

import org.jspecify.annotations.NullMarked;
