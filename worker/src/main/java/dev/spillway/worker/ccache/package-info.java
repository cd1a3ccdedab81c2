/** The protocol of ccache's storage helpers, spoken on a Unix socket beside the store. Nothing is decided here. */
@NullMarked
package dev.spillway.worker.ccache;

import org.jspecify.annotations.NullMarked;
