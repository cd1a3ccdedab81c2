/**
 * Records of every event and message between coordinator, workers and the outside, identities that check themselves,
 * the JSON codec and the topic names. No behaviour beyond reading and writing them: no Vert.x, no Kafka client, no clock.
 */
@NullMarked
package dev.spillway.events;

import org.jspecify.annotations.NullMarked;
