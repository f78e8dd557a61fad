/** What is asked, how it is graded, how two runs are paired, and what is decided. */
@NullMarked
package dev.quantgate.evaluation;

import org.jspecify.annotations.NullMarked;
