/**
 * The paged KV cache of a language model. A pager keeps pages off-heap, or in a file that an engine may map. A capture writes a consistent snapshot
 * of its sequences to a directory while the engine goes on. A restore reads a snapshot into free pages, verified, all or nothing. Nothing here knows
 * of a fleet.
 */
@NullMarked
package dev.spillway.pager;

import org.jspecify.annotations.NullMarked;
