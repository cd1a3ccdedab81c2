/**
 * The configuration of logs: destination, format and levels. Only this package depends on Logback; all others log through SLF4J. Nothing here depends
 * on HTTP.
 */
@NullMarked
package dev.spillway.service.logging;

import org.jspecify.annotations.NullMarked;
