package dev.spillway.events.protocol;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.spillway.events.HostId;

/** A message that changes nothing unless its sender is the current incarnation of its host. */
public sealed interface FencedMessage<A> extends WorkerMessage<A>
        permits RegisterRequest, AttachRequest, ResolveRequest, ReadoptRequest, DropRequest, TouchRequest, HeartbeatRequest,
        ReconcileRequest,
        DiscrepancyRequest {
    Sender sender();

    @JsonIgnore
    @Override
    default HostId hostId() {
        return sender().hostId();
    }
}
