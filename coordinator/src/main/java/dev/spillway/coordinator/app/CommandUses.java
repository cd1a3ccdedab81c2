package dev.spillway.coordinator.app;

import dev.spillway.service.LastUse;
import dev.spillway.service.UnusableServerException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How the registry's commands went, kind by kind, for readiness. Each kind has its own last use: on a full disk puts fail while a heartbeat, which
 * changes a row in its place, still works. The coordinator's own work runs about every second, so a database that takes no writes is noticed
 * although nobody asks for one, and so is one that takes them again. Thread-safe.
 */
final class CommandUses {
    private final Map<String, LastUse> kinds = new ConcurrentHashMap<>();

    void worked(String kind) {
        LastUse use = kinds.get(kind);
        if (use != null) {
            use.worked();
        }
    }

    void failed(String kind, String why) {
        kinds.computeIfAbsent(kind, ignored -> new LastUse()).failed(why);
    }

    /** @throws UnusableServerException if commands of one kind fail, saying which and why */
    void requireWorking() throws UnusableServerException {
        for (Map.Entry<String, LastUse> kind : kinds.entrySet()) {
            try {
                kind.getValue().requireWorking();
            } catch (UnusableServerException e) {
                throw new UnusableServerException(kind.getKey() + ": " + e.getMessage(), e);
            }
        }
    }
}
