/** The artifact cache of a host: how artifacts arrive, are read, and are claimed by those who make them. */
@NullMarked
package dev.spillway.worker.host.artifact;

import org.jspecify.annotations.NullMarked;
