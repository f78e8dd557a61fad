/**
 * CPython as WebAssembly in this virtual machine, for programs that are not trusted: chat templates
 * and, in processes of their own, what a model wrote. A guest has bounded memory and reaches only
 * the host functions given to it, and these reach no file, no network and no process.
 */
@NullMarked
package dev.quantgate.guest;

import org.jspecify.annotations.NullMarked;
