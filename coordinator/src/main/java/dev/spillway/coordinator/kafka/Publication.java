package dev.spillway.coordinator.kafka;

import dev.spillway.coordinator.core.Changes;
import dev.spillway.coordinator.core.OutcomeUnknownException;
import dev.spillway.coordinator.core.RegistryUnavailableException;
import dev.spillway.service.kafka.Message;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One kind of event that the registry keeps until Kafka has it. A claimed event is claimed by nobody else for a while, and is due again afterwards
 * unless it was settled.
 */
interface Publication<T> {
    /** Returns the name of what is published, for people, such as {@code facts}. */
    String name();

    String topic();

    /** Returns whether a commit left some of it. */
    boolean isLeftBy(Changes.Wake wake);

    /**
     * Claims what is due now.
     *
     * @throws RegistryUnavailableException and {@link OutcomeUnknownException} as of any command
     */
    List<T> claim(int most);

    /** Returns why this item cannot be sent at all; null if it can. */
    @Nullable
    String obstacle(T item);

    Message message(T item);

    /**
     * Notes what Kafka acknowledged, and what surely or possibly did not arrive.
     *
     * @throws RegistryUnavailableException and {@link OutcomeUnknownException} as of any command; all of it is then due again later
     */
    void settle(List<T> acknowledged, List<T> unsent);
}
