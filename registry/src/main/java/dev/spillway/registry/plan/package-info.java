/** Plans of evictions: their purpose, their progress and their victims. Immutable. */
@NullMarked
package dev.spillway.registry.plan;

import org.jspecify.annotations.NullMarked;
