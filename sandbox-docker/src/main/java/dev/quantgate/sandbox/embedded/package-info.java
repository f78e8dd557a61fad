/**
 * CPython as WebAssembly inside forked JVMs: the sandbox that needs nothing installed. A guest
 * reaches only the host functions given to it, and these reach nothing but a clock and a seeded
 * generator.
 */
@NullMarked
package dev.quantgate.sandbox.embedded;

import org.jspecify.annotations.NullMarked;
