package dev.spillway.coordinator.http;

import dev.spillway.api.Problem;
import dev.spillway.registry.IdempotencyKey;
import dev.spillway.registry.Registry;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.model.Actor;
import dev.spillway.service.http.Request;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries out the commands of a request, at most once where the request has an {@code Idempotency-Key}. */
final class Commands {
    static final String IDEMPOTENCY_KEY = "Idempotency-Key";

    private static final Logger LOG = LoggerFactory.getLogger(Commands.class);

    private final Registry registry;

    Commands(Registry registry) {
        this.registry = registry;
    }

    /**
     * Carries out a request that is one command.
     *
     * @param what the verb, and the values of the path, percent-decoded
     */
    <A> A run(Request request, Target what, Command.OfClient<A> command) {
        A answer = run(request, what, request.header(IDEMPOTENCY_KEY), command);
        if (isOfOperators(command) && !(answer instanceof Outcomes.Refusal)) {
            LOG.atInfo().addKeyValue("request", request.id()).log("{} by {}", what, Actor.client(request.caller()));
        }
        return answer;
    }

    /**
     * Carries out one of several commands of a request. Each has an idempotency key of its own, derived from that of the request. So a repeated
     * request gets the stored answers of the commands that were carried out, and continues after them.
     *
     * @param number counts the request's commands from 1; the first one has the key of the request itself
     */
    <A> A run(Request request, Target what, int number, Command.OfClient<A> command) {
        if (number == 1) {
            return run(request, what, command);
        }
        return run(
                request,
                what,
                request.header(IDEMPOTENCY_KEY).map(key -> what.digest(key.getBytes(StandardCharsets.UTF_8)) + "/" + number),
                command);
    }

    private <A> A run(Request request, Target what, Optional<String> key, Command.OfClient<A> command) {
        Command.OfClient<A> named = new Command.By<>(Actor.client(request.caller()), command);
        return key.map(given -> registry.executeOnce(new IdempotencyKey(request.caller(), given, what.digest(request.bytes())), named))
                .orElseGet(() -> registry.execute(named));
    }

    private static boolean isOfOperators(Command<?> command) {
        return !(command instanceof Command.Put || command instanceof Command.Invalidate);
    }

    /** The target of a request: a verb and the values of its path. */
    record Target(String verb, List<String> values) {
        static Target of(String verb, Object... values) {
            return new Target(verb, Arrays.stream(values).map(Object::toString).toList());
        }

        @Override
        public String toString() {
            return verb + values.stream().map(value -> " " + Problem.shown(value)).collect(Collectors.joining());
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

        // Lengths are included, because otherwise two requests whose parts are split differently would have the same digest.
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
