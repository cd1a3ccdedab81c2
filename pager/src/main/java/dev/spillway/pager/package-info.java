/**
 * The paged KV cache of a language model. A pager holds pages off-heap, in a file that an engine may map; a capture writes a consistent snapshot of its
 * sequences to a directory while the engine goes on; a restore reads one into free pages, verified, all or nothing. Nothing here knows of a fleet.
 */
@NullMarked
package dev.spillway.pager;

import org.jspecify.annotations.NullMarked;
