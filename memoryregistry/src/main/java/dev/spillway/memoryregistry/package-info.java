/** The registry in memory, for tests and the simulation. It stores rows in maps and runs the same decisions as the registry on PostgreSQL. */
@NullMarked
package dev.spillway.memoryregistry;

import org.jspecify.annotations.NullMarked;
