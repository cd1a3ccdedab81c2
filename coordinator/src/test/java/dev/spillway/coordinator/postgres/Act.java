package dev.spillway.coordinator.postgres;

import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.PlanId;
import dev.spillway.events.RegistryId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.FencedMessage;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.registry.decide.Command;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** An action in terms that mean the same to both registries. A command cannot be used, because it contains ids of one registry. */
sealed interface Act {
    record Plain(Command<?> command) implements Act {}

    record Join(HostId host, StoreId store, long highestGeneration) implements Act {}

    /** A message of the incarnation that joined last, or of the one before it. */
    record Send(HostId host, boolean outdated, Message message) implements Act {
        @Override
        public String toString() {
            return host + (outdated ? ", outdated: " : ": ") + message.from(NOBODY);
        }
    }

    /** Publishes every n-th of the claimed facts. */
    record PublishFacts(int every) implements Act {}

    /** Lets time pass for what is stored. */
    record Pass(Duration time) implements Act {}

    /** Pins until so much later. */
    record Pin(EntryName name, @Nullable Duration length) implements Act {}

    /** Goes on with one of the plans that were made lately, the latest being 0. */
    record OnPlan(int ago, Function<PlanId, Command<?>> step) implements Act {}

    /** A message of a host that never joined. */
    Sender NOBODY = new Sender(new HostId("nobody"), new StoreId(new UUID(0, 9)), new RegistryId(new UUID(0, 9)), 1, 1);

    /** Returns whether it may share a transaction with other actions. */
    default boolean sharesItsTransaction() {
        return switch (this) {
            case Plain plain -> !plain.command().goesAlone();
            case Send send -> !(send.message().from(NOBODY) instanceof ReconcileRequest)
                    && !(send.message().from(NOBODY) instanceof DiscrepancyRequest);
            case Join _, PublishFacts _, Pass _, Pin _, OnPlan _ -> false;
        };
    }

    @FunctionalInterface
    interface Message {
        FencedMessage<?> from(Sender sender);
    }
}
