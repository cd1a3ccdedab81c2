@NullMarked
package dev.spillway.worker.registry;

import org.jspecify.annotations.NullMarked;
