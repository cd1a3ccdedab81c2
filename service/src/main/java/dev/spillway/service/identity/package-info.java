/** Identities of the callers of a service, proved by tokens or certificates. */
@NullMarked
package dev.spillway.service.identity;

import org.jspecify.annotations.NullMarked;
