/**
 * The registry's service. Code lives in the packages below: {@code core} is pure, each adapter is named for what it talks to,
 * {@code app} wires them. Nothing of the worker is known here.
 */
@NullMarked
package dev.spillway.coordinator;

import org.jspecify.annotations.NullMarked;
