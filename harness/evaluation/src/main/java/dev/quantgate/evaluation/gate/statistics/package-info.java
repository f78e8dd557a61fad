/**
 * The statistics of a paired comparison: pure functions and values, no files, no models.
 *
 * <p>A <b>difference</b> is the candidate's score of an item less the baseline's, -1 to 1; a
 * <b>delta</b> is their mean, negative where the candidate lost; a <b>margin</b> is the loss that
 * is allowed, positive. All three are shares, not percentage points. Intervals are given by the
 * error {@code alpha} of <b>each</b> of their ends: {@code alpha = 0.05} makes a lower bound that
 * holds in 95 % of all cases, and with the upper one a two-sided interval of 90 %.
 */
@NullMarked
package dev.quantgate.evaluation.gate.statistics;

import org.jspecify.annotations.NullMarked;
