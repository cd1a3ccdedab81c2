@NullMarked
package dev.spillway.cli.client;

import org.jspecify.annotations.NullMarked;
