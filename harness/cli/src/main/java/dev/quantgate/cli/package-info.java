/** The command line: arguments in, exit code out. */
@NullMarked
package dev.quantgate.cli;

import org.jspecify.annotations.NullMarked;
