/** The KV pagers of a host. Captures are put as directories, and restores read them under a hold. */
@NullMarked
package dev.spillway.worker.host.pager;

import org.jspecify.annotations.NullMarked;
