package dev.spillway.registry.decide;

import dev.spillway.events.protocol.FencedMessage;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.HostState;
import dev.spillway.registry.model.RegistryRow;
import org.jspecify.annotations.Nullable;

/** Checks every message of a worker: only the current incarnation of a host may change anything, with its store, in this registry and epoch. */
final class Fence {
    private Fence() {}

    /** Returns why the message may change nothing, or null. The host row is locked, so the answer holds until the transaction ends. */
    static @Nullable String closedTo(FencedMessage<?> message, @Nullable HostRow host, RegistryRow registry) {
        Sender sender = message.sender();
        if (!sender.registryId().equals(registry.id())) {
            return "registryId: " + sender.registryId() + " (expected: " + registry.id() + ")";
        }
        if (sender.epoch() != registry.epoch()) {
            return "epoch: " + sender.epoch() + " (expected: " + registry.epoch() + ")";
        }
        if (host == null) {
            return "hostId: " + sender.hostId() + " (expected: a host that joined)";
        }
        if (!sender.storeId().equals(host.storeId())) {
            return "storeId: " + sender.storeId() + " (expected: the store that joined as " + host.id() + ")";
        }
        if (host.state() == HostState.RETIRED) {
            return "host " + host.id() + " is retired (expected: readmission before it joins again)";
        }
        if (sender.incarnation() != host.incarnation()) {
            return "incarnation: " + sender.incarnation() + " (expected: " + host.incarnation() + ")";
        }
        if (message instanceof HeartbeatRequest heartbeat && heartbeat.highestGeneration() > registry.highestGeneration()) {
            // The incarnation may have been given before the backup and so still be the current one. The host gets the full explanation when it
            // joins.
            return "highestGeneration: " + heartbeat.highestGeneration() + " (expected: at most " + registry.highestGeneration()
                    + ", what this registry knows)";
        }
        return null;
    }
}
