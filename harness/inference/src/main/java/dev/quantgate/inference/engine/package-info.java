/**
 * What every engine that runs a checkpoint shares: all but arithmetic. Text becomes token ids,
 * requests become sequences of pages, steps are filled, tokens chosen, answers ended. A device
 * stands beneath it through {@link dev.quantgate.inference.engine.StepExecutor}.
 */
@NullMarked
package dev.quantgate.inference.engine;

import org.jspecify.annotations.NullMarked;
