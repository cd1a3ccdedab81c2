@NullMarked
package dev.spillway.service.http;

import org.jspecify.annotations.NullMarked;
