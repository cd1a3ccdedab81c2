@NullMarked
package dev.spillway.service.logging;

import org.jspecify.annotations.NullMarked;
