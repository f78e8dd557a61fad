/**
 * The strongest tier: one warm, locked-down container a worker, driven through the engine's own
 * command-line client, so that contexts, remote hosts, rootless engines and Podman keep working.
 */
@NullMarked
package dev.quantgate.sandbox.docker;

import org.jspecify.annotations.NullMarked;
