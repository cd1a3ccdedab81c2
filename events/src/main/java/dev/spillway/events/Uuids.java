package dev.spillway.events;

import java.time.Instant;
import java.util.UUID;
import java.util.random.RandomGenerator;

/** UUIDs of version 7 (RFC 9562): 48 bits of milliseconds, then random bits, so that ids made later sort later. */
final class Uuids {
    private static final int TEXT_LENGTH = 36;

    private Uuids() {}

    static UUID timeOrdered(Instant now, RandomGenerator random) {
        long high = (now.toEpochMilli() << 16) | 0x7000L | (random.nextLong() & 0x0FFFL);
        long low = (random.nextLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
        return new UUID(high, low);
    }

    static UUID parse(String name, String text) {
        try {
            UUID parsed = UUID.fromString(text);
            // UUID.fromString also takes short groups, which would give one id several spellings.
            if (text.length() == TEXT_LENGTH && parsed.toString().equalsIgnoreCase(text)) {
                return parsed;
            }
        } catch (IllegalArgumentException e) {
            throw new InvalidValueException(name, text, "a UUID of 36 characters");
        }
        throw new InvalidValueException(name, text, "a UUID of 36 characters");
    }

    static int compareUnsigned(UUID one, UUID other) {
        int high = Long.compareUnsigned(one.getMostSignificantBits(), other.getMostSignificantBits());
        return high != 0 ? high : Long.compareUnsigned(one.getLeastSignificantBits(), other.getLeastSignificantBits());
    }
}
