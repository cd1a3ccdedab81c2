/**
 * A host's service. Code lives in the packages below: {@code core} is pure, each adapter is named for what it talks to,
 * {@code app} wires them. Nothing of the coordinator is known here but its messages.
 */
@NullMarked
package dev.spillway.worker;

import org.jspecify.annotations.NullMarked;
