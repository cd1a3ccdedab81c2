package dev.spillway.registry.store;

import dev.spillway.events.NamespaceName;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.registry.model.NamespaceRow;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;

/** Namespaces as stored, with their policies and the sequence of generations. Locks and reads as {@link Rows} says. */
public interface NamespaceRows {
    /** Locks and returns the existing namespaces among {@code names}. */
    Map<NamespaceName, NamespaceRow> lockNamespaces(SortedSet<NamespaceName> names);

    /** Returns the policies of all namespaces and their version; not locked. */
    PolicySet policies();

    /** Returns the version of the policies; not locked. */
    long policyVersion();

    /** Returns the highest priority of any entry, 0 if there is none; not locked. The caller holds the namespace. */
    double highestPriority(NamespaceName namespace);

    /** Draws rising generations above all that were ever drawn. The caller holds the namespaces that they are for. */
    List<Long> nextGenerations(int count);
}
