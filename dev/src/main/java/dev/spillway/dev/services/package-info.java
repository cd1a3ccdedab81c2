/**
 * The commands that run one service, a coordinator or a worker, against servers given by settings. What a setting means is the service's.
 */
@NullMarked
package dev.spillway.dev.services;

import org.jspecify.annotations.NullMarked;
