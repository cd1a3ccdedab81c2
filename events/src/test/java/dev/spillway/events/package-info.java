@NullMarked
package dev.spillway.events;

import org.jspecify.annotations.NullMarked;
