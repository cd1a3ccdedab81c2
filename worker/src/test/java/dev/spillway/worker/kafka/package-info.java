@NullMarked
package dev.spillway.worker.kafka;

import org.jspecify.annotations.NullMarked;
