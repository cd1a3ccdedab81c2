/**
 * Values of a host and the ports of its core: records of the index, effects with their outcomes, stores of images. Nothing here decides anything.
 */
@NullMarked
package dev.spillway.worker.core.model;

import org.jspecify.annotations.NullMarked;
