/** What every registry must do, whatever it is stored in, and the reference model held to it. No SQL, no Kafka, no HTTP. */
@NullMarked
package dev.spillway.coordinator.core;

import org.jspecify.annotations.NullMarked;
