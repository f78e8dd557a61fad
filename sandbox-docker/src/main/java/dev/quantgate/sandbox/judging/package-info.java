/**
 * How jobs become results, the same for every kind of sandbox: who judges, what is repeated with
 * nothing else beside it, what a lost worker means, how two checkers' results become one. A kind
 * supplies {@link dev.quantgate.sandbox.judging.Slots}, and knows nothing of all this.
 */
@NullMarked
package dev.quantgate.sandbox.judging;

import org.jspecify.annotations.NullMarked;
