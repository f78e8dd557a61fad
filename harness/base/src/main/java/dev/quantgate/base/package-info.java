/**
 * What every floor needs and none owns: hashes, files written whole or not at all, bounded reading,
 * JSON Lines, the program's version, and the one kind of exception that a face has to know.
 */
@NullMarked
package dev.quantgate.base;

import org.jspecify.annotations.NullMarked;
