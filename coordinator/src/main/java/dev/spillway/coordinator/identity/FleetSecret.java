package dev.spillway.coordinator.identity;

import dev.spillway.events.HostId;
import dev.spillway.events.codec.MessageKey;
import java.security.SecureRandom;

/** The secret that only the coordinators of a registry share. The keys of hosts are derived from it. Thread-safe. */
public final class FleetSecret {
    private final byte[] bytes;

    private FleetSecret(byte[] bytes) {
        this.bytes = bytes;
    }

    /** @param bytes {@link MessageKey#BYTES} bytes */
    public static FleetSecret of(byte[] bytes) {
        if (bytes.length != MessageKey.BYTES) {
            throw new IllegalArgumentException("secret: %d bytes (expected: %d)".formatted(bytes.length, MessageKey.BYTES));
        }
        return new FleetSecret(bytes.clone());
    }

    /** Returns a new random secret. */
    public static FleetSecret random(SecureRandom random) {
        byte[] bytes = new byte[MessageKey.BYTES];
        random.nextBytes(bytes);
        return new FleetSecret(bytes);
    }

    /** Returns the secret's bytes, only for storing it in the registry. */
    public byte[] reveal() {
        return bytes.clone();
    }

    /** Returns the key of a host's messages on Kafka. */
    public MessageKey keyOf(HostId host) {
        return MessageKey.of(bytes, host);
    }

    /** Hides the secret. */
    @Override
    public String toString() {
        return "FleetSecret";
    }
}
