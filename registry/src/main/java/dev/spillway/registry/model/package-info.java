/** The rows of the registry and the values in them: hosts, namespaces with their policies, entries, replicas with their orders. Immutable. */
@NullMarked
package dev.spillway.registry.model;

import org.jspecify.annotations.NullMarked;
