/**
 * Accuracy gates in a team's own build: a JUnit test that asks two models the same questions and is
 * red when the candidate lost more than its margin, and AssertJ assertions over what was found.
 */
@NullMarked
package dev.quantgate.junit;

import org.jspecify.annotations.NullMarked;
