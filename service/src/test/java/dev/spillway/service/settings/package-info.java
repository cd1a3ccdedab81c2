@NullMarked
package dev.spillway.service.settings;

import org.jspecify.annotations.NullMarked;
