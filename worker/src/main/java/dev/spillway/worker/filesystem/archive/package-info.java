/**
 * Directory trees written and read as tar streams. Limits, trust and losses of archives belong here, but no id of an image.
 */
@NullMarked
package dev.spillway.worker.filesystem.archive;

import org.jspecify.annotations.NullMarked;
