/**
 * The definitions that both sides of HTTP share: methods and paths, problem types, and the encoding of paths. Nothing here opens a connection or
 * decides anything, and nothing here depends on Vert.x, Kafka or JDBC.
 */
@NullMarked
package dev.spillway.api;

import org.jspecify.annotations.NullMarked;
