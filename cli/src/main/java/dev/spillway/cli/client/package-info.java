/**
 * The commands that talk HTTP to a coordinator or a worker: what they send, how they print answers for people or programs, how they follow
 * long work. Nothing here starts a server, and nothing here decides what a server should.
 */
@NullMarked
package dev.spillway.cli.client;

import org.jspecify.annotations.NullMarked;
