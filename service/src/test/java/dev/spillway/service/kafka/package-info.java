@NullMarked
package dev.spillway.service.kafka;

import org.jspecify.annotations.NullMarked;
