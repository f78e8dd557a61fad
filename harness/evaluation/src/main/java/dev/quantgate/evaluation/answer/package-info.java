/**
 * How answers come: what is asked of whom, from live models and from recordings, and how they are
 * graded.
 */
@NullMarked
package dev.quantgate.evaluation.answer;

import org.jspecify.annotations.NullMarked;
