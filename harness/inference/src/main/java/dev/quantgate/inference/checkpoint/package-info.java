/** Checkpoint folders: what is in the files, checked, mapped, and nothing computed. */
@NullMarked
package dev.quantgate.inference.checkpoint;

import org.jspecify.annotations.NullMarked;
