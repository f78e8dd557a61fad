/**
 * Sandboxes on this machine itself: bubblewrap, which needs no engine and no privilege but user
 * namespaces; and, only by name, none at all.
 */
@NullMarked
package dev.quantgate.sandbox.bubblewrap;

import org.jspecify.annotations.NullMarked;
