package dev.spillway.worker.registry;

import dev.spillway.api.WorkerApi;
import dev.spillway.client.http.Call;
import dev.spillway.client.http.Content;
import dev.spillway.client.http.Endpoint;
import dev.spillway.client.http.JsonClient;
import dev.spillway.client.http.Outcome;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes copies of artifacts from other workers. What they send is believed only where it has the digest that the registry names. Blocks; thread-safe. */
public final class Peers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Peers.class);
    private static final int TRIED_MAX = 3;

    private final HostId host;
    private final Duration timeout;
    private final JsonClient client;
    private final Function<byte[], ContentDigest> digest;

    /** A copy that was received whole. */
    @SuppressWarnings("ArrayRecordComponent") // Handed on, never compared.
    public record Copy(byte[] bytes, ContentDigest content) {}

    /**
     * Creates a client with connections of its own.
     *
     * @param host that asks, and is not asked
     * @param timeout of one attempt, to the last byte
     * @param bytesMax of one copy
     */
    public Peers(HostId host, Duration connectWithin, Duration timeout, long bytesMax, Function<byte[], ContentDigest> digest) {
        this.host = host;
        this.timeout = timeout;
        this.digest = digest;
        this.client = new JsonClient(Json.tolerant(), connectWithin, bytesMax);
    }

    /** Takes a copy from one of its holders, tried in an order of chance, which spreads the load; empty if none gives it. */
    public Optional<Copy> fetch(EntryName name, RegistryClient.Entry entry) throws InterruptedException {
        List<RegistryClient.Holder> holders = new ArrayList<>(
                entry.holders().stream().filter(holder -> !holder.hostId().equals(host) && holder.address() != null).toList());
        Collections.shuffle(holders);
        for (RegistryClient.Holder holder : holders.subList(0, Math.min(TRIED_MAX, holders.size()))) {
            Optional<Copy> copy = fetch(name, entry, holder);
            if (copy.isPresent()) {
                return copy;
            }
        }
        return Optional.empty();
    }

    private Optional<Copy> fetch(EntryName name, RegistryClient.Entry entry, RegistryClient.Holder holder) throws InterruptedException {
        Outcome<Content> outcome = client.send(Endpoint.parse(String.valueOf(holder.address())),
                Call.of(WorkerApi.GET_COPY.at(name.namespace(), name.key())
                        .with("generation", entry.generation())
                        .with("storeId", holder.storeId()), timeout),
                Content.class);
        return switch (outcome) {
            case Outcome.Answer<Content>(var _, var content) -> believed(name, entry, holder, content);
            case Outcome.Refused<Content>(var problem) -> none(name, holder, problem.toString());
            case Outcome.Unreachable<Content>(var why) -> none(name, holder, why);
            case Outcome.Unknown<Content>(var why) -> none(name, holder, why);
        };
    }

    private Optional<Copy> believed(EntryName name, RegistryClient.Entry entry, RegistryClient.Holder holder, Content content) {
        ContentDigest actual = digest.apply(content.bytes());
        @Nullable
        ContentDigest named = entry.content();
        String told = content.header("etag").orElse("");
        boolean same = named == null ? told.equals("\"" + actual + "\"") : actual.equals(named);
        return same ? Optional.of(new Copy(content.bytes(), actual))
                : none(name, holder, "sent %s (expected: %s)".formatted(actual, named == null ? told : named));
    }

    private static Optional<Copy> none(EntryName name, RegistryClient.Holder holder, String why) {
        LOG.info("{}: no copy from {}: {}", name, holder.hostId(), why);
        return Optional.empty();
    }

    @Override
    public void close() {
        client.close();
    }
}
