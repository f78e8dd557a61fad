/** A comparison for what CI servers read: JUnit XML, and annotations of GitHub Actions. */
@NullMarked
package dev.quantgate.reports.junit;

import org.jspecify.annotations.NullMarked;
