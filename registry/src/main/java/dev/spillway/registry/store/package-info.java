/**
 * The ports of storage. {@link dev.spillway.registry.store.Rows} gives one port for each kind of row, and takes the changes of a transaction.
 */
@NullMarked
package dev.spillway.registry.store;

import org.jspecify.annotations.NullMarked;
