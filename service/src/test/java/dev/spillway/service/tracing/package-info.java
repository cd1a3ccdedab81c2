@NullMarked
package dev.spillway.service.tracing;

import org.jspecify.annotations.NullMarked;
