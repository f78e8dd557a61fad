/**
 * One quantisation from a folder to a folder: blocks in order, what is finished kept on disk, the
 * result named when it is whole.
 */
@NullMarked
package dev.quantgate.quantization.job;

import org.jspecify.annotations.NullMarked;
