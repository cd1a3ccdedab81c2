/**
 * What the services log, where, in which format and from which level on. The only place that knows Logback; all others log through SLF4J. No
 * HTTP here.
 */
@NullMarked
package dev.spillway.service.logging;

import org.jspecify.annotations.NullMarked;
