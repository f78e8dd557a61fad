/**
 * Workers made of real processes: a supervisor in Python behind two pipes, whatever walls stand
 * around it. The tiers (Docker, bubblewrap, none) differ only in the command that starts a
 * supervisor and in how its remains are removed, a {@link
 * dev.quantgate.sandbox.worker.WorkerLauncher}; frames, watchdog, retries and verdicts are here,
 * once.
 */
@NullMarked
package dev.quantgate.sandbox.worker;

import org.jspecify.annotations.NullMarked;
