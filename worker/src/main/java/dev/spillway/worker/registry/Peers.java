package dev.spillway.worker.registry;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spillway.api.ProblemType;
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
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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
    /** Longest wait for bytes of a tree, after which the next holder is asked. */
    private static final Duration TREE_SILENCE = Duration.ofSeconds(2);
    private static final Pattern LENGTH = Pattern.compile("[0-9]{1,18}");
    private static final long REFUSAL_BYTES_MAX = 64 << 10;

    private final HostId host;
    private final Duration answerWithin;
    /** Holders that did not answer recently. They are not asked for a while, because a host that hangs would delay each miss. */
    private final Cache<HostId, Boolean> silent = Caffeine.newBuilder().expireAfterWrite(SILENT_FOR).maximumSize(10_000).build();
    /** The same for trees, which wait for less. These holders are asked if there are no others. */
    private final Cache<HostId, Boolean> silentForTrees = Caffeine.newBuilder().expireAfterWrite(SILENT_FOR).maximumSize(10_000).build();
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
        for (RegistryClient.Holder holder : drawn(others(entry).filter(holder -> silent.getIfPresent(holder.hostId()) == null))) {
            Optional<ReceivedArtifact> copy = fetch(name, entry, holder, receiver);
            if (copy.isPresent()) {
                return copy;
            }
        }
        return Optional.empty();
    }

    private Stream<RegistryClient.Holder> others(RegistryClient.Entry entry) {
        return entry.holders().stream().filter(holder -> !holder.hostId().equals(host) && holder.address() != null);
    }

    /** Returns whether the registry names another host that has a copy and can be asked for it. */
    public boolean mayHave(RegistryClient.Entry entry) {
        return others(entry).findAny().isPresent();
    }

    private static List<RegistryClient.Holder> drawn(Stream<RegistryClient.Holder> holders) {
        List<RegistryClient.Holder> drawn = new ArrayList<>(holders.toList());
        Collections.shuffle(drawn);
        return drawn.subList(0, Math.min(TRIED_MAX, drawn.size()));
    }

    private List<RegistryClient.Holder> holdersOfTree(RegistryClient.Entry entry, boolean spared) {
        List<RegistryClient.Holder> all = others(entry).toList();
        List<RegistryClient.Holder> heard = all.stream().filter(holder -> silentForTrees.getIfPresent(holder.hostId()) == null).toList();
        List<RegistryClient.Holder> left = heard.isEmpty() ? all : heard;
        if (!spared || left.size() < 2) {
            return drawn(left.stream());
        }
        RegistryClient.Holder oldest = Collections.min(left, Comparator.comparing(holder -> String.valueOf(holder.replicaId())));
        return drawn(left.stream().filter(holder -> !holder.equals(oldest)));
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
    public interface TreeReceiver<T> {
        /**
         * Returns the result, with which no other holder is asked; empty if the stream was not a whole tree.
         *
         * @throws IOException if the stream failed
         */
        Optional<T> receive(InputStream tar) throws IOException, InterruptedException;
    }

    /**
     * The outcome of asking the holders of a tree.
     *
     * @param result   what the receiver returned; empty if no holder sent the tree
     * @param failures the asked holders that did not, each with the reason
     * @param busy     whether one of them sends the tree to so many hosts now that it may be asked again
     */
    public record TreeCopy<T>(Optional<T> result, List<String> failures, boolean busy) {}

    /**
     * Takes a copy of a tree from one of its holders, which are tried in random order. A silent one is left after two seconds.
     *
     * @param spared whether the holder of the oldest copy is not asked if there is another one. So hosts that all want a tree at once read its source
     *               only until one of them has it
     */
    public <T> TreeCopy<T> fetchTree(EntryName name, RegistryClient.Entry entry, boolean spared, TreeReceiver<T> receiver)
            throws InterruptedException {
        List<String> failures = new ArrayList<>();
        boolean busy = false;
        for (RegistryClient.Holder holder : holdersOfTree(entry, spared)) {
            Outcome<Optional<T>> outcome = client.receive(
                    ServerAddress.parse(String.valueOf(holder.address())),
                    Outgoing.traced(
                            Call.of(
                                    WorkerApi.GET_TREE_COPY.at(name.namespace(), name.key())
                                            .with("generation", entry.generation())
                                            .with("storeId", holder.storeId()),
                                    TREE_TIMEOUT)),
                    TREE_SILENCE,
                    (headers, body) -> receiver.receive(body));
            String failure;
            switch (outcome) {
                case Outcome.Answer<Optional<T>>(var _, var result) when result.isPresent() -> {
                    return new TreeCopy<>(result, failures, false);
                }
                case Outcome.Answer<Optional<T>> _ -> failure = "sent what is no whole tree";
                case Outcome.Refused<Optional<T>>(var problem) -> {
                    busy |= problem.type() == ProblemType.BUSY;
                    failure = problem.toString();
                }
                case Outcome.Unreachable<Optional<T>>(var why) -> failure = why;
                case Outcome.Unknown<Optional<T>>(var why) -> failure = why;
            }
            if (outcome instanceof Outcome.Unreachable || outcome instanceof Outcome.Unknown) {
                silentForTrees.put(holder.hostId(), true);
            }
            LOG.debug("{}: no copy from {}: {}", name, holder.hostId(), failure);
            failures.add(holder.hostId() + ": " + failure);
        }
        return new TreeCopy<>(Optional.empty(), failures, busy);
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
