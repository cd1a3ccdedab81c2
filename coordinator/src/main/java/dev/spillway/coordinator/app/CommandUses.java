package dev.spillway.coordinator.app;

import dev.spillway.service.LastUse;
import dev.spillway.service.UnusableServerException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How the registry's commands went, for readiness. All of them lock or write rows, so one that works shows that the database takes writes, and the
 * coordinator's own work, which runs about every second, notices within seconds that it does not, or does again. Where space has run out that
 * is different: puts fail while a heartbeat, which changes a row in its place, still works. Such failures are kept apart by the command's kind.
 * Thread-safe.
 */
final class CommandUses {
    private final String user;
    private final LastUse any = new LastUse();
    private final Map<String, LastUse> withoutSpace = new ConcurrentHashMap<>();

    /** @param user of the database, for messages */
    CommandUses(String user) {
        this.user = user;
    }

    void worked(String kind) {
        any.worked();
        LastUse use = withoutSpace.get(kind);
        if (use != null) {
            use.worked();
        }
    }

    void failed(String kind, RuntimeException failure) {
        LastUse use = DatabaseTrouble.isOutOfSpace(failure) ? withoutSpace.computeIfAbsent(kind, ignored -> new LastUse()) : any;
        use.failed(kind + ": " + DatabaseTrouble.inWords(failure, user));
    }

    /** @throws UnusableServerException if commands fail, saying which and why */
    void requireWorking() throws UnusableServerException {
        any.requireWorking();
        for (LastUse use : withoutSpace.values()) {
            use.requireWorking();
        }
    }
}
