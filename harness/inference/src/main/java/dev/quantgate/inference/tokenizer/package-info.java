/** Text to token ids and back, and chat messages to text, as the checkpoint's own files say. */
@NullMarked
package dev.quantgate.inference.tokenizer;

import org.jspecify.annotations.NullMarked;
