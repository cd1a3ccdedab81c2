@NullMarked
package dev.spillway.worker.rocksdb;

import org.jspecify.annotations.NullMarked;
