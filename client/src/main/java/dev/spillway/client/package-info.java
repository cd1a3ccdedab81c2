/**
 * The Java library that applications embed: {@link dev.spillway.client.SpillwayClient} gives an {@link dev.spillway.client.ImageRegistry} or a
 * {@link dev.spillway.client.DirectoryCache} of a namespace. Nothing here depends on the services.
 */
@NullMarked
package dev.spillway.client;

import org.jspecify.annotations.NullMarked;
