@NullMarked
package org.example.newcomer;

import org.jspecify.annotations.NullMarked;
