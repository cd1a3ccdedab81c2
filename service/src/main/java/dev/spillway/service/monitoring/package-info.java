/** The endpoints by which every service tells of itself: whether it lives and is ready, metrics, levels of loggers, its description. No work is done here. */
@NullMarked
package dev.spillway.service.monitoring;

import org.jspecify.annotations.NullMarked;
