/**
 * The one door to any live model. A face or a protocol holds a {@link LanguageModel} and never
 * learns which engine computes it; engines are found through {@link
 * dev.quantgate.inference.EngineProvider}.
 */
@NullMarked
package dev.quantgate.inference;

import org.jspecify.annotations.NullMarked;
