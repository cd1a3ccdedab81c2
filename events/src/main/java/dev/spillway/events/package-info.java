/**
 * The words of the protocol as types: identities that validate themselves, the events that travel over Kafka, their codec and the topic
 * names. Nothing here decides anything, opens a connection or reads a clock.
 */
@NullMarked
package dev.spillway.events;

import org.jspecify.annotations.NullMarked;
