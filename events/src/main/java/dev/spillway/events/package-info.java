/**
 * The terms of the protocol as types: ids and names that validate themselves, orders, facts and reports. Nothing here decides anything, opens a
 * connection or reads a clock.
 */
@NullMarked
package dev.spillway.events;

import org.jspecify.annotations.NullMarked;
