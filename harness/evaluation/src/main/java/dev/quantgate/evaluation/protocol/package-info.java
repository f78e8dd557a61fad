/**
 * How a suite's items are asked and graded. A {@link dev.quantgate.evaluation.protocol.Protocol} is
 * a pair of pure functions, item to request and answer to grade; it knows no engine, no sandbox and
 * no file, so that the same answers give the same grades wherever they came from.
 */
@NullMarked
package dev.quantgate.evaluation.protocol;

import org.jspecify.annotations.NullMarked;
