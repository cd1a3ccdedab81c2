package dev.spillway.worker.registry;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spillway.api.WorkerApi;
import dev.spillway.client.http.Call;
import dev.spillway.client.http.ClientSecurity;
import dev.spillway.client.http.JsonClient;
import dev.spillway.client.http.Outcome;
import dev.spillway.client.http.ServerAddress;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.codec.Json;
import dev.spillway.worker.artifacts.ReceivedArtifact;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes copies of artifacts and trees from other workers. An artifact is accepted only if it has the digest that the registry names. Blocks;
 * thread-safe.
 */
public final class Peers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Peers.class);
    private static final int TRIED_MAX = 3;
    private static final Duration TREE_TIMEOUT = Duration.ofHours(12);
    private static final Pattern LENGTH = Pattern.compile("[0-9]{1,18}");
    private static final long REFUSAL_BYTES_MAX = 64 << 10;

    private final HostId host;
    private final Duration answerWithin;
    /** Holders that did not answer recently. They are not asked for a while, because a host that hangs would delay each miss. */
    private final Cache<HostId, Boolean> silent = Caffeine.newBuilder().expireAfterWrite(SILENT_FOR).maximumSize(10_000).build();
    private final JsonClient client;

    /** Receives an artifact that another worker sends. */
    @FunctionalInterface
    public interface Receiver {
        /** @param announced its length, if that is known */
        ReceivedArtifact receive(InputStream body, OptionalLong announced) throws IOException, InterruptedException;
    }

    private static final Duration SILENT_FOR = Duration.ofSeconds(30);
    /** Lowest rate of a holder. The timeout of a copy is computed from it. */
    private static final long BYTES_PER_SECOND = 8 << 20;
    /** The size that is assumed for the timeout if none is known. */
    private static final long SIZE_MAX = 1 << 30;

    /** A copy with the entity tag that its sender gave it. */
    private record Sent(ReceivedArtifact copy, String tag) {}

    /**
     * Creates a client with connections of its own.
     *
     * @param host this host, which is not asked itself
     * @param answerWithin how long a holder may take to begin its answer, beside the time that the bytes take
     */
    public Peers(HostId host, Duration connectWithin, Duration answerWithin, ClientSecurity security) {
        this.host = host;
        this.answerWithin = answerWithin;
        this.client = new JsonClient(Json.tolerant(), connectWithin, REFUSAL_BYTES_MAX, security);
    }

    /**
     * Takes a copy of an artifact from one of its holders, which are tried in random order to spread the load; empty if none gives it.
     *
     * @throws IOException if a copy with a wrong digest cannot be deleted
     */
    public Optional<ReceivedArtifact> fetch(EntryName name, RegistryClient.Entry entry, Receiver receiver)
            throws IOException, InterruptedException {
        for (RegistryClient.Holder holder : asked(entry)) {
            Optional<ReceivedArtifact> copy = fetch(name, entry, holder, receiver);
            if (copy.isPresent()) {
                return copy;
            }
        }
        return Optional.empty();
    }

    private List<RegistryClient.Holder> asked(RegistryClient.Entry entry) {
        List<RegistryClient.Holder> holders = new ArrayList<>(
                entry.holders()
                        .stream()
                        .filter(
                                holder -> !holder.hostId().equals(host) && holder.address() != null
                                        && silent.getIfPresent(holder.hostId()) == null)
                        .toList());
        Collections.shuffle(holders);
        return holders.subList(0, Math.min(TRIED_MAX, holders.size()));
    }

    private Optional<ReceivedArtifact> fetch(EntryName name, RegistryClient.Entry entry, RegistryClient.Holder holder, Receiver receiver)
            throws IOException, InterruptedException {
        Outcome<Sent> outcome = client.receive(
                ServerAddress.parse(String.valueOf(holder.address())),
                Outgoing.traced(
                        Call.of(
                                WorkerApi.GET_COPY.at(name.namespace(), name.key())
                                        .with("generation", entry.generation())
                                        .with("storeId", holder.storeId()),
                                within(entry))),
                (headers, body) -> new Sent(receiver.receive(body, length(headers)), headers.getOrDefault("etag", "")));
        return switch (outcome) {
            case Outcome.Answer<Sent>(var _, var sent) -> believed(name, entry, holder, sent);
            case Outcome.Refused<Sent>(var problem) -> none(name, holder, problem.toString());
            case Outcome.Unreachable<Sent>(var why) -> silent(name, holder, why);
            case Outcome.Unknown<Sent>(var why) -> silent(name, holder, why);
        };
    }

    private Duration within(RegistryClient.Entry entry) {
        return answerWithin.plusSeconds((entry.sizeBytes() == null ? SIZE_MAX : entry.sizeBytes()) / BYTES_PER_SECOND);
    }

    private Optional<ReceivedArtifact> silent(EntryName name, RegistryClient.Holder holder, String why) {
        silent.put(holder.hostId(), true);
        return none(name, holder, why);
    }

    /** Receives the tar stream of a tree. */
    @FunctionalInterface
    public interface TreeReceiver {
        /** Returns whether the tree is stored. */
        boolean receive(InputStream tar) throws Exception;
    }

    /** Takes a copy of a tree from one of its holders, which are tried in random order, and returns whether the receiver stored one. */
    public boolean fetchTree(EntryName name, RegistryClient.Entry entry, TreeReceiver receiver) throws InterruptedException {
        for (RegistryClient.Holder holder : asked(entry)) {
            Outcome<Boolean> outcome = client.receive(
                    ServerAddress.parse(String.valueOf(holder.address())),
                    Outgoing.traced(Call.of(WorkerApi.GET_ARCHIVE.at(name.namespace(), name.key()), TREE_TIMEOUT)),
                    (headers, body) -> {
                        String generation = headers.getOrDefault("spillway-generation", "");
                        return generation.equals(Long.toString(entry.generation())) && received(receiver, body);
                    });
            switch (outcome) {
                case Outcome.Answer<Boolean>(var _, var stored) when stored -> {
                    return true;
                }
                case Outcome.Answer<Boolean> _ ->
                        LOG.info("{}: no copy from {}: it has another generation, or it was not stored here", name, holder.hostId());
                case Outcome.Refused<Boolean>(var problem) -> LOG.info("{}: no copy from {}: {}", name, holder.hostId(), problem);
                case Outcome.Unreachable<Boolean>(var why) -> LOG.info("{}: no copy from {}: {}", name, holder.hostId(), why);
                case Outcome.Unknown<Boolean>(var why) -> LOG.info("{}: no copy from {}: {}", name, holder.hostId(), why);
            }
        }
        return false;
    }

    private static boolean received(TreeReceiver receiver, InputStream tar) throws IOException, InterruptedException {
        try {
            return receiver.receive(tar);
        } catch (IOException | InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static OptionalLong length(Map<String, String> headers) {
        String length = headers.getOrDefault("content-length", "");
        return LENGTH.matcher(length).matches() ? OptionalLong.of(Long.parseLong(length)) : OptionalLong.empty();
    }

    private static Optional<ReceivedArtifact> believed(EntryName name, RegistryClient.Entry entry, RegistryClient.Holder holder, Sent sent)
            throws IOException {
        ContentDigest actual = sent.copy().digest();
        @Nullable
        ContentDigest named = entry.content();
        boolean same = named == null ? sent.tag().equals("\"" + actual + "\"") : actual.equals(named);
        if (!same) {
            sent.copy().close();
            return none(name, holder, "sent %s (expected: %s)".formatted(actual, named == null ? sent.tag() : named));
        }
        return Optional.of(sent.copy());
    }

    private static Optional<ReceivedArtifact> none(EntryName name, RegistryClient.Holder holder, String why) {
        LOG.info("{}: no copy from {}: {}", name, holder.hostId(), why);
        return Optional.empty();
    }

    @Override
    public void close() {
        client.close();
    }
}
