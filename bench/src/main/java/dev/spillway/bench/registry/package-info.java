/**
 * The registry's benchmark: puts that evict and gets, through the registry's port and over HTTP, beside one transaction per put and beside the
 * first implementation. It knows the registry's tables only where a baseline writes them and where rows are counted.
 */
@NullMarked
package dev.spillway.bench.registry;

import org.jspecify.annotations.NullMarked;
