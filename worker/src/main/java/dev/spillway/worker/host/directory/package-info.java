/** The directory cache of a host: puts, reads, copies from elsewhere, deletions and prunes of trees. */
@NullMarked
package dev.spillway.worker.host.directory;

import org.jspecify.annotations.NullMarked;
