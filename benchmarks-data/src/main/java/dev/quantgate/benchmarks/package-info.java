/**
 * Benchmark data: the bundled suites, the catalogue of the official sets, their download and
 * verification, and strict readers of their files. Knows no model and no prompt.
 */
@NullMarked
package dev.quantgate.benchmarks;

import org.jspecify.annotations.NullMarked;
