/**
 * The {@code spillway} command: parses arguments, sends requests to services over HTTP, and prints for people or programs. The rules of the registry
 * and of stores are in the services.
 */
@NullMarked
package dev.spillway.cli;

import org.jspecify.annotations.NullMarked;
