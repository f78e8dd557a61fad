/**
 * One model's answers to some suites: asked or read from a recording, journaled item by item,
 * executed, graded, and kept in a folder that is complete in itself.
 */
@NullMarked
package dev.quantgate.evaluation.run;

import org.jspecify.annotations.NullMarked;
