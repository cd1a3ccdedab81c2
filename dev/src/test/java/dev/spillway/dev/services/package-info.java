/** Tests of what the services can be told, and of the documents that say so. */
@NullMarked
package dev.spillway.dev.services;

import org.jspecify.annotations.NullMarked;
