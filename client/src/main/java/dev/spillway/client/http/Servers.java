package dev.spillway.client.http;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JavaType;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Equivalent servers. A request goes to the one that answered last, and to the next one only if that certainly did nothing. A request that may have
 * been carried out is not sent again here. Thread-safe.
 */
public final class Servers {
    private static final int UNAVAILABLE = 503;

    private final JsonClient client;
    private final List<ServerAddress> all;
    private final AtomicInteger preferred = new AtomicInteger();

    /** @param all the servers in the order in which they are tried, at least one */
    public Servers(JsonClient client, List<ServerAddress> all) {
        if (all.isEmpty()) {
            throw new IllegalArgumentException("servers: none (expected: at least one)");
        }
        this.client = client;
        this.all = List.copyOf(all);
    }

    /** Does the same as {@link JsonClient#send(ServerAddress, Call, Class)} at the first server that may have carried it out. */
    public <T> Outcome<T> send(Call call, Class<T> type) throws InterruptedException {
        return ask(call, server(client.mapper().constructType(type)));
    }

    /** Sends requests whose answers are of one type. */
    @FunctionalInterface
    interface Typed<T> {
        Outcome<T> send(Call call) throws InterruptedException;
    }

    <T> Typed<T> typed(Class<T> type) {
        return call -> send(call, type);
    }

    <T> Typed<T> typed(TypeReference<T> type) {
        return call -> ask(call, server(client.mapper().constructType(type)));
    }

    <T> Typed<T> received(JsonClient.BodyReader<T> reader) {
        return call -> ask(call, (server, asked) -> client.receive(server, asked, reader));
    }

    /** Sends requests to one server. */
    @FunctionalInterface
    private interface Asking<T> {
        Outcome<T> ask(ServerAddress server, Call call) throws InterruptedException;
    }

    private <T> Asking<T> server(JavaType type) {
        return (server, call) -> client.send(server, call, type);
    }

    private <T> Outcome<T> ask(Call call, Asking<T> asking) throws InterruptedException {
        int first = preferred.get();
        Outcome<T> outcome = new Outcome.Unreachable<>("no server was tried");
        for (int next = 0; next < all.size(); next++) {
            int chosen = Math.floorMod(first + next, all.size());
            outcome = asking.ask(all.get(chosen), call);
            boolean surelyNotDone = outcome instanceof Outcome.Unreachable<T>
                    || (outcome instanceof Outcome.Refused<T>(var problem) && problem.status() == UNAVAILABLE);
            if (!surelyNotDone) {
                preferred.set(chosen);
                return outcome;
            }
        }
        return outcome;
    }

    JsonClient client() {
        return client;
    }

    public List<ServerAddress> all() {
        return all;
    }

    @Override
    public String toString() {
        return all.size() == 1 ? all.getFirst().toString() : all.toString();
    }
}
