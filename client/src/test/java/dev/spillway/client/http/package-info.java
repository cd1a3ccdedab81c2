@NullMarked
package dev.spillway.client.http;

import org.jspecify.annotations.NullMarked;
