@NullMarked
package dev.spillway.service.monitoring;

import org.jspecify.annotations.NullMarked;
