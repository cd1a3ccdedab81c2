/** The contract of every registry, whatever its storage. Nothing here depends on SQL, Kafka or HTTP. */
@NullMarked
package dev.spillway.registry;

import org.jspecify.annotations.NullMarked;
