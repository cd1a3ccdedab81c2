package dev.spillway.worker.http.cache;

import dev.spillway.events.EntryName;
import dev.spillway.worker.host.artifact.HostArtifacts;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Results that name other artifacts as their parts. A result is a hit only if each part is here or can be taken from another host. */
abstract class WholeResults implements Dialect {
    /**
     * The treatment of parts that are not on this host.
     *
     * @param wanted  whether other hosts are asked for them
     * @param counted whether that counts as a use of them
     */
    record Fetch(boolean wanted, boolean counted) {}

    /** Returns the parts that a result names; empty if an artifact that names some of them is missing. */
    abstract Optional<List<EntryName>> parts(HostArtifacts artifacts, EntryName result, HostArtifacts.Found.Served served, Fetch fetch)
            throws IOException, InterruptedException;

    /** Notes a use of a result with its parts. */
    void used(HostArtifacts artifacts, EntryName result, List<EntryName> parts) {}

    @Override
    public final boolean standsAlone() {
        return false;
    }

    /** Finds a result with all of its parts. The use of the result is noted before those of its parts, so eviction reaches the result first. */
    @Override
    public final HostArtifacts.Found find(HostArtifacts artifacts, EntryName name, boolean counted)
            throws IOException, InterruptedException {
        HostArtifacts.Found found = artifacts.find(name, true, counted);
        Optional<List<EntryName>> parts = Optional.empty();
        if (found instanceof HostArtifacts.Found.Served served) {
            parts = partsHere(artifacts, name, served, new Fetch(true, counted));
            if (parts.isEmpty()) {
                found.close();
                found = new HostArtifacts.Found.Missing();
            }
        }
        if (counted && found instanceof HostArtifacts.Found.Missing) {
            artifacts.missed(name);
        }
        if (counted && parts.isPresent()) {
            artifacts.used(name);
            used(artifacts, name, parts.get());
        }
        return found;
    }

    /** Returns the parts of a result if all are here, or could be fetched. */
    final Optional<List<EntryName>> partsHere(HostArtifacts artifacts, EntryName result, HostArtifacts.Found.Served served, Fetch fetch)
            throws IOException, InterruptedException {
        Optional<List<EntryName>> parts = parts(artifacts, result, served, fetch);
        for (EntryName part : parts.orElse(List.of())) {
            if (!artifacts.holds(part) && !(fetch.wanted() && isFetched(artifacts, part, fetch.counted()))) {
                return Optional.empty();
            }
        }
        return parts;
    }

    private static boolean isFetched(HostArtifacts artifacts, EntryName part, boolean counted) throws IOException, InterruptedException {
        try (HostArtifacts.Found found = artifacts.find(part, true, counted)) {
            return found instanceof HostArtifacts.Found.Served;
        }
    }
}
