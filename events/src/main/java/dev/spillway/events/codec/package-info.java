/** Events on Kafka: their types, keys, topics and JSON. Unreadable events are refused here, and nowhere else. */
@NullMarked
package dev.spillway.events.codec;

import org.jspecify.annotations.NullMarked;
