/**
 * The suites that come with the program, and those that a user describes in a file. Each is found
 * by its name through {@link dev.quantgate.evaluation.suite.Suites}; nothing else in the program
 * names one.
 */
@NullMarked
package dev.quantgate.evaluation.suite;

import org.jspecify.annotations.NullMarked;
