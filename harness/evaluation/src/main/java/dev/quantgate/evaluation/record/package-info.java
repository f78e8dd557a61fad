/**
 * What a run leaves on disk: identity, journals, item records, provenance; written whole, read with
 * bounds.
 */
@NullMarked
package dev.quantgate.evaluation.record;

import org.jspecify.annotations.NullMarked;
