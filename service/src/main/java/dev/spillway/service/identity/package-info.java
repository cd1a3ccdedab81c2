/** Who asks a service, as a token tells it. */
@NullMarked
package dev.spillway.service.identity;

import org.jspecify.annotations.NullMarked;
