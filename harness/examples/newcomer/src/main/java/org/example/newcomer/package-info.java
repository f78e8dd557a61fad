/** What a newcomer adds: a suite, an engine and a report, without touching the program. */
@NullMarked
package org.example.newcomer;

import org.jspecify.annotations.NullMarked;
