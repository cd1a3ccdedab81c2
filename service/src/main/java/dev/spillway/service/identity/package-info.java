/** Identities of those who ask a service, proved by tokens or certificates. */
@NullMarked
package dev.spillway.service.identity;

import org.jspecify.annotations.NullMarked;
