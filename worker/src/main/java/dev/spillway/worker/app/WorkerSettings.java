package dev.spillway.worker.app;

import dev.spillway.client.http.ClientSecurity;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.service.SocketFile;
import dev.spillway.service.http.ClientTls;
import dev.spillway.service.http.HttpLimits;
import dev.spillway.service.http.ListenerSecurity;
import dev.spillway.service.http.TlsFiles;
import dev.spillway.service.kafka.KafkaSettings;
import dev.spillway.service.logging.LogSettings;
import dev.spillway.service.settings.CrossCheck;
import dev.spillway.service.settings.HostPort;
import dev.spillway.service.settings.Secret;
import dev.spillway.service.settings.Setting;
import dev.spillway.service.settings.Settings;
import dev.spillway.service.settings.SettingsDeclaration;
import dev.spillway.service.settings.SettingsException;
import dev.spillway.service.settings.Sources;
import dev.spillway.service.tracing.Tracing;
import dev.spillway.worker.artifacts.ArtifactImages;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import dev.spillway.worker.host.pager.HostPagers;
import dev.spillway.worker.http.UploadPace;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Everything that can be set on a worker.
 *
 * @param data            the store: images, index, and unless said otherwise the socket
 * @param coordinators    tried in this order until one answers
 * @param allowedSources  directories below which trees may be taken; none allows archives only
 * @param putDeadline     longest wait of a put for its registration; after that, the answer is "not stored" or "unknown"
 * @param registryTimeout timeout of one message to a coordinator
 * @param startupTimeout  how long a store that never joined a registry waits for it at the start
 * @param archiveHold     length of the hold on a tree while it is sent. The hold is extended on the way; after a crash it runs out
 * @param requestsKept    how long a change that came with an idempotency key is kept, with its answer
 * @param minFreeBytes    bytes of the store's disk that puts leave free
 * @param ignoreTrusted   whether a move may lose {@code trusted.*} attributes that this process cannot see
 * @param putsAtOnce      largest number of directories that are copied at a time; uploads are counted apart
 * @param uploadPace      lowest rate of an upload; a slower one is ended
 * @param unlinkRates     rate limits of all unlinking together
 * @param artifacts       bounds of the artifacts
 * @param pagers          place and bound of the KV pagers
 * @param ccacheNamespace namespace for ccache's storage helper socket; without one there is no socket
 * @param otlpEndpoint    where traces are sent; none are made without it
 */
public record WorkerSettings(
        HostId hostId,
        Path data,
        HostPort listen,
        FleetIdentity identity,
        Optional<Path> socket,
        List<HostPort> coordinators,
        KafkaSettings kafka,
        List<Path> allowedSources,
        Duration putDeadline,
        Duration registryConnectTimeout,
        Duration registryTimeout,
        Duration startupTimeout,
        Duration holdMax,
        int holdsMax,
        Duration archiveHold,
        Duration requestsKept,
        long minFreeBytes,
        boolean ignoreTrusted,
        int putsAtOnce,
        int uploadsAtOnce,
        int fetchesAtOnce,
        UploadPace uploadPace,
        int unlinksAtOnce,
        UnlinkPace.Rates unlinkRates,
        ArtifactImages.Limits artifacts,
        HostPagers.Settings pagers,
        Optional<NamespaceName> ccacheNamespace,
        HttpLimits http,
        Optional<URI> otlpEndpoint) {
    private static final String SOCKET_NAME = "worker.sock";

    /**
     * Identity and address of this worker towards the other services of its fleet.
     *
     * @param advertised where others reach this worker; what it listens on if absent
     * @param authority  PEM file of the trusted certificates; if it is given, TLS is used towards coordinators, with the listener's own certificate
     *                   as client certificate where the server asks for one
     */
    public record FleetIdentity(
            ListenerSecurity listener,
            Optional<HostPort> advertised,
            Secret registryToken,
            Secret peerToken,
            Optional<Path> authority) {
        ClientSecurity registry() throws IOException {
            return security(registryToken);
        }

        ClientSecurity peers() throws IOException {
            return security(peerToken);
        }

        private ClientSecurity security(Secret token) throws IOException {
            return new ClientSecurity(
                    token.reveal().isEmpty() ? null : token.reveal(),
                    authority.isPresent() ? new ClientTls(authority.get(), listener.tls()) : null);
        }

        /** Returns the address of this worker that the registry gives to others. */
        String address(HostPort listening) {
            return (listener.tls().isPresent() ? "https://" : "") + advertised.orElse(listening);
        }
    }

    private static final Setting<HostId> HOST_ID =
            Setting.custom(
                    "host-id",
                    "Name of this host in the fleet",
                    "lower-case letters, digits, dots and dashes, such as host-1",
                    HostId::new);
    private static final Setting<Path> DATA = Setting.path("data", "Directory of the store; made if it is missing");
    private static final Setting<HostPort> LISTEN =
            Setting.address("listen", "Where HTTP listens; anything but loopback needs TLS or plain-http, and asks for tokens")
                    .defaultTo(new HostPort("127.0.0.1", 7080));
    private static final Setting<Optional<HostPort>> ADVERTISE =
            Setting.address("advertise", "Where others reach this worker; what it listens on if not given").optional();
    private static final Setting<Secret> REGISTRY_TOKEN =
            Setting.secret("registry-token", "Token of role host that the coordinators are shown").defaultTo(new Secret(""));
    private static final Setting<Secret> PEER_TOKEN =
            Setting.secret("peer-token", "Token of role peer that other workers are shown").defaultTo(new Secret(""));
    private static final Setting<Optional<Path>> TLS_CA = Setting
            .path(
                    "tls-ca",
                    "PEM file of the certificates that are believed of coordinators and workers; coordinators are asked by TLS if it is given")
            .readable(TlsFiles.CERTIFICATES, TlsFiles::requireCertificates)
            .optional();
    private static final Setting<Optional<Path>> SOCKET =
            Setting.path("socket", "Unix socket on which the same is served; worker.sock in the store's directory if not given")
                    .must("a path of " + SocketFile.PATH_BYTES_MAX + " bytes or less", SocketFile::isShortEnough)
                    .optional();
    private static final Setting<List<HostPort>> COORDINATORS =
            Setting.addresses("coordinators", "Coordinators, tried in this order until one answers")
                    .must("at least one", coordinators -> !coordinators.isEmpty())
                    .defaultTo(List.of(new HostPort("127.0.0.1", 7070)));
    private static final Setting<List<Path>> ALLOWED_SOURCES =
            Setting.paths("allowed-sources", "Directories below which trees may be taken; / for all; none for archives only")
                    .must("absolute paths", paths -> paths.stream().allMatch(Path::isAbsolute))
                    .defaultTo(List.of());
    private static final Setting<Duration> PUT_DEADLINE = positive(
            Setting.duration("put-deadline", "How long a put waits for its registration").defaultTo(Duration.ofSeconds(10)));
    private static final Setting<Duration> REGISTRY_CONNECT_TIMEOUT = positive(
            Setting.duration("registry-connect-timeout", "How long to try to connect to a coordinator").defaultTo(Duration.ofSeconds(2)));
    private static final Setting<Duration> REGISTRY_TIMEOUT =
            positive(Setting.duration("registry-timeout", "How long a message to a coordinator may take").defaultTo(Duration.ofSeconds(5)));
    private static final Setting<Duration> STARTUP_TIMEOUT = positive(
            Setting
                    .duration(
                            "startup-timeout",
                            "How long a store that never joined waits at the start for its registry; one that did serves on")
                    .defaultTo(Duration.ofMinutes(1)));
    private static final Setting<Duration> HOLD_MAX =
            positive(Setting.duration("hold-max", "Longest hold that is granted or extended to").defaultTo(Duration.ofHours(24)));
    private static final Setting<Integer> HOLDS_MAX = Setting.integer("holds-max", "Holds at the same time; one more is answered 503")
            .must("1 or more", number -> number >= 1)
            .defaultTo(10_000);
    private static final Setting<Duration> ARCHIVE_HOLD =
            positive(
                    Setting.duration("archive-hold", "How long a tree that was being sent stays held after a crash")
                            .defaultTo(Duration.ofMinutes(10)));
    private static final Setting<Duration> REQUESTS_KEPT =
            positive(
                    Setting.duration("requests-kept", "How long a change that came with an Idempotency-Key is kept, with its answer")
                            .defaultTo(Duration.ofHours(24)));
    private static final Setting<Long> MIN_FREE_BYTES = Setting
            .bytes("min-free-bytes", "What puts leave free of the store's disk, for the index and for deletions")
            .defaultTo(256L << 20);
    private static final Setting<Boolean> IGNORE_TRUSTED =
            Setting.flag(
                    "ignore-trusted",
                    "A worker without CAP_SYS_ADMIN cannot see trusted.* attributes; moves delete what they copied nevertheless")
                    .defaultTo(false);
    private static final Setting<Integer> PUTS_AT_ONCE =
            Setting.integer("puts-at-once", "Directories that are copied at the same time")
                    .must("1 or more", number -> number >= 1)
                    .defaultTo(16);
    private static final Setting<Integer> UPLOADS_AT_ONCE =
            Setting.integer("uploads-at-once", "Archives that are unpacked at the same time, beside the directories that are copied")
                    .must("1 or more", number -> number >= 1)
                    .defaultTo(8);
    private static final Setting<Integer> FETCHES_AT_ONCE =
            Setting.integer("fetches-at-once", "Trees that are taken from other hosts at the same time")
                    .must("1 or more", number -> number >= 1)
                    .defaultTo(4);
    private static final Setting<Long> UPLOAD_RATE_MIN =
            Setting.bytes("upload-rate-min", "Bytes per second, on the average, below which an upload is ended; 0 for none")
                    .defaultTo(64L << 10);
    private static final Setting<Duration> UPLOAD_RATE_OVER =
            positive(
                    Setting.duration("upload-rate-over", "How long an upload is waited for before its average counts")
                            .defaultTo(Duration.ofSeconds(30)));
    private static final Setting<Integer> UNLINKS_AT_ONCE = Setting.integer("unlinks-at-once", "Trees that are unlinked at the same time")
            .must("1 or more", number -> number >= 1)
            .defaultTo(2);
    private static final Setting<Long> UNLINK_RATE = Setting
            .longInteger(
                    "unlink-rate",
                    "Files and directories that are unlinked per second, unless the disk is short of space; 0 for no bound")
            .must("0 or more", rate -> rate >= 0)
            .defaultTo(UnlinkPace.Rates.DEFAULTS.entriesPerSecond());
    private static final Setting<Long> UNLINK_BYTES_RATE = Setting
            .bytes("unlink-bytes-rate", "Bytes that unlinking frees per second, unless the disk is short of space; 0 for no bound")
            .defaultTo(UnlinkPace.Rates.DEFAULTS.bytesPerSecond());

    private static final Setting<Long> ARTIFACTS_MAX_BYTES = Setting
            .bytes("artifacts-max-bytes", "Bytes of all artifacts that this host keeps; more are refused")
            .defaultTo(64L << 30);
    private static final Setting<Long> ARTIFACT_MAX_BYTES = Setting
            .bytes("artifact-max-bytes", "Bytes of one artifact; a larger one is refused")
            .must("1 to 1 GiB", bytes -> bytes >= 1 && bytes <= 1 << 30)
            .defaultTo(64L << 20);
    private static final Setting<Long> ARTIFACTS_MEMORY = Setting
            .bytes("artifacts-memory", "Bytes of the artifacts under 128 KiB used last that are kept in memory, too")
            .must("1 or more", bytes -> bytes >= 1)
            .defaultTo(128L << 20);

    private static final Setting<Path> PAGER_FILES =
            Setting.path("pager-files", "Directory of the files of KV pagers that engines map; on a file system of memory")
                    .must("an absolute path", Path::isAbsolute)
                    .defaultTo(Path.of("/dev/shm"));
    private static final Setting<Long> PAGER_MEMORY = Setting
            .bytes("pager-memory", "Memory of all KV pagers, in files or not; more are refused")
            .defaultTo(1L << 30);

    private static final Setting<Optional<NamespaceName>> CCACHE_NAMESPACE = Setting
            .custom(
                    "ccache-namespace",
                    "Namespace that ccache uses by the Unix socket ccache.sock in the store's directory; no such socket if not given",
                    "a name of 1 to 63 lower-case letters, digits, dots, dashes and underscores",
                    NamespaceName::new)
            .optional();

    /** All settings that {@link #from} reads, with the conditions between them. */
    public static final SettingsDeclaration DECLARATION = new SettingsDeclaration(
            "worker",
            all(),
            Stream.concat(
                    ListenerSecurity.checks(LISTEN).stream(),
                    Stream.of(
                            new CrossCheck(
                                    DATA,
                                    SOCKET,
                                    "a path of %d bytes or less, because of %s in it; or another path for the socket"
                                            .formatted(SocketFile.PATH_BYTES_MAX - SOCKET_NAME.length() - 1, SOCKET_NAME),
                                    (data, socket) -> socket.isPresent() || SocketFile.isShortEnough(data.resolve(SOCKET_NAME))),
                            new CrossCheck(
                                    REGISTRY_TIMEOUT,
                                    PUT_DEADLINE,
                                    "at most the time that a put waits",
                                    (timeout, deadline) -> timeout.compareTo(deadline) <= 0),
                            new CrossCheck(
                                    REGISTRY_CONNECT_TIMEOUT,
                                    REGISTRY_TIMEOUT,
                                    "at most the time of a message",
                                    (connect, timeout) -> connect.compareTo(timeout) <= 0),
                            new CrossCheck(
                                    ARCHIVE_HOLD,
                                    HOLD_MAX,
                                    "at most the longest hold",
                                    (archive, longest) -> archive.compareTo(longest) <= 0),
                            new CrossCheck(
                                    REQUESTS_KEPT,
                                    PUT_DEADLINE,
                                    "over the time that a put waits",
                                    (kept, deadline) -> kept.compareTo(deadline) > 0)))
                    .toList());

    public WorkerSettings {
        coordinators = List.copyOf(coordinators);
        allowedSources = List.copyOf(allowedSources);
    }

    private static List<Setting<?>> all() {
        List<Setting<?>> all =
                new ArrayList<>(List.of(HOST_ID, DATA, LISTEN, ADVERTISE, SOCKET, COORDINATORS, REGISTRY_TOKEN, PEER_TOKEN, TLS_CA));
        all.addAll(ListenerSecurity.SETTINGS);
        all.addAll(KafkaSettings.SETTINGS);
        all.addAll(
                List.of(
                        ALLOWED_SOURCES,
                        PUT_DEADLINE,
                        REGISTRY_CONNECT_TIMEOUT,
                        REGISTRY_TIMEOUT,
                        STARTUP_TIMEOUT,
                        HOLD_MAX,
                        HOLDS_MAX,
                        ARCHIVE_HOLD,
                        REQUESTS_KEPT,
                        MIN_FREE_BYTES,
                        IGNORE_TRUSTED,
                        PUTS_AT_ONCE,
                        UPLOADS_AT_ONCE,
                        FETCHES_AT_ONCE,
                        UPLOAD_RATE_MIN,
                        UPLOAD_RATE_OVER,
                        UNLINKS_AT_ONCE,
                        UNLINK_RATE,
                        UNLINK_BYTES_RATE,
                        ARTIFACTS_MAX_BYTES,
                        ARTIFACT_MAX_BYTES,
                        ARTIFACTS_MEMORY,
                        PAGER_FILES,
                        PAGER_MEMORY,
                        CCACHE_NAMESPACE));
        all.addAll(HttpLimits.SETTINGS);
        all.addAll(LogSettings.SETTINGS);
        all.add(Tracing.ENDPOINT);
        return all;
    }

    /** Returns the path of the socket, for a store at this path. */
    Path socketOf(Path store) {
        return socket.orElseGet(() -> store.resolve(SOCKET_NAME));
    }

    private static Setting<Duration> positive(Setting<Duration> setting) {
        return setting.must("more than zero", Duration::isPositive);
    }

    /**
     * Reads and checks all settings.
     *
     * @throws SettingsException with everything that is wrong
     */
    public static WorkerSettings read(Sources sources) throws SettingsException {
        return from(DECLARATION.read(sources));
    }

    /** Returns the record of settings that were read by {@link #DECLARATION}. */
    public static WorkerSettings from(Settings settings) {
        HostId host = settings.get(HOST_ID);
        return new WorkerSettings(
                host,
                settings.get(DATA),
                settings.get(LISTEN),
                new FleetIdentity(
                        ListenerSecurity.from(settings),
                        settings.get(ADVERTISE),
                        settings.get(REGISTRY_TOKEN),
                        settings.get(PEER_TOKEN),
                        settings.get(TLS_CA)),
                settings.get(SOCKET),
                settings.get(COORDINATORS),
                KafkaSettings.from(settings, "spillway-worker-" + host),
                settings.get(ALLOWED_SOURCES),
                settings.get(PUT_DEADLINE),
                settings.get(REGISTRY_CONNECT_TIMEOUT),
                settings.get(REGISTRY_TIMEOUT),
                settings.get(STARTUP_TIMEOUT),
                settings.get(HOLD_MAX),
                settings.get(HOLDS_MAX),
                settings.get(ARCHIVE_HOLD),
                settings.get(REQUESTS_KEPT),
                settings.get(MIN_FREE_BYTES),
                settings.get(IGNORE_TRUSTED),
                settings.get(PUTS_AT_ONCE),
                settings.get(UPLOADS_AT_ONCE),
                settings.get(FETCHES_AT_ONCE),
                new UploadPace(settings.get(UPLOAD_RATE_MIN), settings.get(UPLOAD_RATE_OVER)),
                settings.get(UNLINKS_AT_ONCE),
                new UnlinkPace.Rates(settings.get(UNLINK_RATE), settings.get(UNLINK_BYTES_RATE)),
                new ArtifactImages.Limits(
                        settings.get(ARTIFACTS_MAX_BYTES),
                        settings.get(ARTIFACT_MAX_BYTES),
                        settings.get(ARTIFACTS_MEMORY)),
                new HostPagers.Settings(settings.get(PAGER_FILES), settings.get(PAGER_MEMORY)),
                settings.get(CCACHE_NAMESPACE),
                HttpLimits.from(settings),
                settings.get(Tracing.ENDPOINT));
    }
}
