/**
 * What both sides of HTTP say, once: verbs and paths, bodies and answers, kinds of problems, the encoding of paths. Nothing here opens a
 * connection or decides anything, and nothing of Vert.x, Kafka or JDBC is seen here.
 */
@NullMarked
package dev.spillway.api;

import org.jspecify.annotations.NullMarked;
