/** Records of what happened, for those who follow, audit or count. Immutable. */
@NullMarked
package dev.spillway.registry.trail;

import org.jspecify.annotations.NullMarked;
