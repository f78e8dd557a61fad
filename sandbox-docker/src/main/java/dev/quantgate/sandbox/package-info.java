/**
 * Runs programs that a model wrote, and says whether they are right without believing them.
 * Implementations are found through {@link dev.quantgate.sandbox.SandboxProvider}.
 */
@NullMarked
package dev.quantgate.sandbox;

import org.jspecify.annotations.NullMarked;
