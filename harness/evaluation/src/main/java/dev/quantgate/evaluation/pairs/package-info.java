/** Two runs item by item: the one form that gates, reports and people read. */
@NullMarked
package dev.quantgate.evaluation.pairs;

import org.jspecify.annotations.NullMarked;
