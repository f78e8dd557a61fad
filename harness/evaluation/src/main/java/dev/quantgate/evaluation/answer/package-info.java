/** How answers are obtained from live models and recordings, and how they are graded. */
@NullMarked
package dev.quantgate.evaluation.answer;

import org.jspecify.annotations.NullMarked;
