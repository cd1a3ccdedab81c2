/** A host that holds very many artifacts: its start, its memory, and its messages to the registry. No server runs. */
@NullMarked
package dev.spillway.bench.inventory;

import org.jspecify.annotations.NullMarked;
