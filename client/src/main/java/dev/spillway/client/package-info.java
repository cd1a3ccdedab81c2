/**
 * The Java library that applications embed: {@link dev.spillway.client.SpillwayClient} gives an {@link dev.spillway.client.ImageRegistry} or a
 * {@link dev.spillway.client.DirectoryCache} of a namespace. Nothing of the services is seen here.
 */
@NullMarked
package dev.spillway.client;

import org.jspecify.annotations.NullMarked;
