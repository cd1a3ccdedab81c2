package dev.spillway.coordinator.kafka;

import dev.spillway.registry.CommitUnknownException;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.registry.store.Changes;
import dev.spillway.service.kafka.Message;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A kind of event that the registry keeps until it has been sent. A claim is a lease: meanwhile nobody else can claim the event, and afterwards it is
 * due again unless it was settled.
 */
interface Publication<T> {
    /** Returns the name of the kind in messages, such as {@code facts}. */
    String name();

    String topic();

    /** Returns whether a commit left events of this kind to publish. */
    boolean isLeftBy(Changes.Wake wake);

    /**
     * Claims what is due now.
     *
     * @throws RegistryUnavailableException and {@link CommitUnknownException} as of any command
     */
    List<T> claim(int most);

    /** Returns why this item can never be sent; null if it can. */
    @Nullable
    String obstacle(T item);

    Message message(T item);

    /**
     * Records which events Kafka has acknowledged, and which it may not have.
     *
     * @throws RegistryUnavailableException and {@link CommitUnknownException} as of any command; all of it is then due again later
     */
    void settle(List<T> acknowledged, List<T> unsent);
}
