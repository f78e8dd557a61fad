/** What a user typed, set and wrote into quantgate.yaml, resolved into requests. */
@NullMarked
package dev.quantgate.evaluation.settings;

import org.jspecify.annotations.NullMarked;
