/**
 * The commands that send requests to a coordinator or a worker, and show the progress of long work. Nothing here starts a server, and decisions
 * are left to the servers.
 */
@NullMarked
package dev.spillway.cli.client;

import org.jspecify.annotations.NullMarked;
