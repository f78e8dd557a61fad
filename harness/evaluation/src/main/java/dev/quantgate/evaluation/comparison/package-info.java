/** Two runs paired item by item, and what is decided about them: the content of comparison.json. */
@NullMarked
package dev.quantgate.evaluation.comparison;

import org.jspecify.annotations.NullMarked;
