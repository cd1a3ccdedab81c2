package dev.spillway.coordinator.http;

import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.IdempotencyKey;
import dev.spillway.coordinator.core.Registry;
import dev.spillway.service.http.Request;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** Carries out the commands of a request, at most once where the request has an {@code Idempotency-Key}. */
final class Commands {
    static final String IDEMPOTENCY_KEY = "Idempotency-Key";

    private final Registry registry;

    Commands(Registry registry) {
        this.registry = registry;
    }

    /**
     * Carries out a request that is one command.
     *
     * @param what names the verb and the path with its values, percent-decoded
     */
    <A> A run(Request request, Target what, Command<A> command) {
        return request.header(IDEMPOTENCY_KEY)
                .map(key -> registry.executeOnce(new IdempotencyKey(request.caller(), key, what.digest(request.bytes())), command))
                .orElseGet(() -> registry.execute(command));
    }

    /**
     * Carries out one of several commands of a request. Each has a key of its own, made from that of the request, so that the request asked again
     * gets the answers of the commands that were carried out and goes on behind them.
     *
     * @param number counts the request's commands from 1; the first one has the key of the request itself
     */
    <A> A run(Request request, Target what, int number, Command<A> command) {
        if (number == 1) {
            return run(request, what, command);
        }
        return request.header(IDEMPOTENCY_KEY)
                .map(key -> registry
                        .executeOnce(new IdempotencyKey(request.caller(), what.digest(key.getBytes(StandardCharsets.UTF_8)) + "/" + number,
                                what.digest(request.bytes())), command))
                .orElseGet(() -> registry.execute(command));
    }

    /** A verb and a path with its values. */
    record Target(String verb, List<String> values) {
        static Target of(String verb, Object... values) {
            return new Target(verb, Arrays.stream(values).map(Object::toString).toList());
        }

        String digest(byte[] body) {
            MessageDigest digest = sha256();
            add(digest, verb.getBytes(StandardCharsets.UTF_8));
            for (String value : values) {
                add(digest, value.getBytes(StandardCharsets.UTF_8));
            }
            add(digest, body);
            return HexFormat.of().formatHex(digest.digest());
        }

        // With their lengths, because parts that flow into one another would give two requests one digest.
        private static void add(MessageDigest digest, byte[] part) {
            digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(part.length).flip());
            digest.update(part);
        }

        private static MessageDigest sha256() {
            try {
                return MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("SHA-256 (expected: in every Java platform)", e);
            }
        }
    }
}
