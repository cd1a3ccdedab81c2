@NullMarked
package dev.spillway.client;

import org.jspecify.annotations.NullMarked;
