/**
 * The host's durable index in RocksDB. Nothing here decides about replicas, and no other package knows how records lie on the disk.
 */
@NullMarked
package dev.spillway.worker.rocksdb;

import org.jspecify.annotations.NullMarked;
