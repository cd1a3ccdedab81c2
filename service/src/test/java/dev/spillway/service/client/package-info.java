@NullMarked
package dev.spillway.service.client;

import org.jspecify.annotations.NullMarked;
