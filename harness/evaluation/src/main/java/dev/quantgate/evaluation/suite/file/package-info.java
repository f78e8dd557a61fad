/**
 * Suites that a user describes in a YAML file beside JSON Lines: template, few-shot examples, and
 * how an answer is judged. Whatever is wrong is told with its file and line.
 */
@NullMarked
package dev.quantgate.evaluation.suite.file;

import org.jspecify.annotations.NullMarked;
