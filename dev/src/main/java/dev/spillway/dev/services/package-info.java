/**
 * The commands that run one service, a coordinator or a worker, against servers given by settings. The services define the settings.
 */
@NullMarked
package dev.spillway.dev.services;

import org.jspecify.annotations.NullMarked;
