package dev.spillway.coordinator.app;

import dev.spillway.api.Numbers;
import dev.spillway.coordinator.identity.TokensFile;
import dev.spillway.coordinator.kafka.RegistryTopics;
import dev.spillway.coordinator.postgres.PostgresRegistrySettings;
import dev.spillway.coordinator.postgres.PostgresRegistrySettings.Retention;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.service.NativeLibraries;
import dev.spillway.service.http.HttpLimits;
import dev.spillway.service.http.ListenerSecurity;
import dev.spillway.service.kafka.KafkaSettings;
import dev.spillway.service.kafka.KafkaTopics.Copies;
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
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Settings of one coordinator.
 *
 * @param tokensFile     file of tokens that exist before any is created over HTTP
 * @param database       settings of the database; the number of partitions is replaced by the one that Kafka reports
 * @param openOrdersMax  backlog of open orders at which puts are refused for a while
 * @param upkeep         how often the coordinator looks for silent hosts and unfinished evictions
 * @param trim           how often it deletes what is no longer kept
 * @param startupTimeout how long it waits at the start for PostgreSQL and Kafka
 * @param nativeFolders  where native libraries may be unpacked, in the order in which they are tried
 * @param otlpEndpoint   where traces are sent; none are made without it
 * @param printed        all settings with their sources, one line each, without secrets
 */
public record CoordinatorSettings(
        HostPort listen,
        ListenerSecurity security,
        Optional<Path> tokensFile,
        HttpLimits http,
        PostgresRegistrySettings database,
        KafkaSettings kafka,
        RegistryTopics topics,
        RegistryRules rules,
        long openOrdersMax,
        Duration upkeep,
        Duration trim,
        Duration startupTimeout,
        List<Path> nativeFolders,
        LogSettings log,
        Optional<URI> otlpEndpoint,
        String printed) {
    private static final RegistryRules RULES = RegistryRules.DEFAULTS;
    private static final Retention RETENTION = Retention.DEFAULTS;

    private static final Setting<HostPort> LISTEN =
            Setting.address("listen", "Where HTTP listens; anything but loopback needs TLS or plain-http, and asks for tokens")
                    .defaultTo(new HostPort("127.0.0.1", 7070));
    private static final Setting<String> DATABASE_URL = Setting.text("database-url", "PostgreSQL, as jdbc:postgresql://host:port/database")
            .must("beginning with jdbc:postgresql:", url -> url.startsWith("jdbc:postgresql:"))
            // The address is shown in messages of many makers.
            .must("without a password, which is a setting of its own", url -> !url.toLowerCase(Locale.ROOT).contains("password="));
    private static final Setting<String> DATABASE_USER = Setting.text("database-user", "User of the database");
    private static final Setting<Secret> DATABASE_PASSWORD =
            Setting.secret("database-password", "Password of that user").defaultTo(new Secret(""));
    private static final Setting<Integer> DATABASE_POOL =
            number("database-connections", "Connections to the database at most, beside three of which each has work of its own", 10);
    private static final Setting<Duration> COMMAND_DEADLINE =
            positive("command-deadline", "A command is not begun later than this after it was asked for", Duration.ofSeconds(10));
    private static final Setting<Integer> COMMANDS_WAITING_MAX = number(
            "commands-waiting-max",
            "Commands that may wait for their transaction at once; beyond it callers get 503",
            PostgresRegistrySettings.WAITING_MAX);

    private static final Setting<Integer> ORDER_PARTITIONS = number(
            "orders-partitions",
            "Partitions of spillway.orders when the topic is made; hosts are spread over them",
            64);
    private static final Setting<Integer> EVICTION_PARTITIONS =
            number("evictions-partitions", "Partitions of spillway.evictions when the topic is made", 8);
    private static final Setting<Integer> REPORT_PARTITIONS =
            number("reports-partitions", "Partitions of spillway.reports when the topic is made", 8);
    private static final Setting<Duration> ORDER_RETENTION =
            positive("orders-retention", "How long Kafka keeps an order", Duration.ofDays(1));
    private static final Setting<Duration> EVICTION_RETENTION =
            positive("evictions-retention", "How long Kafka keeps the fact of an eviction", Duration.ofDays(7));
    private static final Setting<Duration> REPORT_RETENTION =
            positive("reports-retention", "How long Kafka keeps a report", Duration.ofDays(1));

    private static final Setting<Optional<Integer>> REPLICATION_FACTOR = copies(
            "topics-replication-factor",
            "Copies of each topic when it is made; if not given the brokers' default");
    private static final Setting<Optional<Integer>> MIN_IN_SYNC = copies(
            "topics-min-insync-replicas",
            "Copies that must have a message before it counts as sent; if not given the brokers' default");

    private static final Setting<Duration> HEARTBEAT =
            positive("heartbeat", "How often workers are to be heard", RULES.contact().heartbeat());
    private static final Setting<Duration> HOST_TIMEOUT =
            positive("host-timeout", "A host not heard for so long is AWAY", RULES.contact().timeout());
    private static final Setting<Duration> RECONCILE =
            positive("reconcile", "How often workers are to compare their inventory, jittered by half", RULES.contact().reconcile());
    private static final Setting<Duration> ORDER_RETRY =
            positive("order-retry", "An open order is handed out again after this, then doubling", RULES.retry().first());
    private static final Setting<Duration> ORDER_RETRY_MAX =
            positive("order-retry-max", "Longest interval between two attempts at an order", RULES.retry().max());
    private static final Setting<Duration> GRACE = positive("grace", "Orphans and ghosts younger than this are left alone", RULES.grace());
    private static final Setting<Double> BREAKER_SHARE = Setting
            .custom(
                    "breaker-share",
                    "Share of a host's replicas beyond which a loss or an orphan sweep waits for a person",
                    "a number",
                    Numbers::decimal)
            .must("above 0, at most 1", share -> share > 0 && share <= 1)
            .defaultTo(RULES.breaker().share());
    private static final Setting<Integer> BREAKER_FROM =
            number("breaker-from", "Below so many replicas the share is not looked at", RULES.breaker().from());
    private static final Setting<Integer> DOOM_CHUNK =
            number("doom-chunk", "Replicas of one entry doomed by the transaction that evicts it", RULES.chunks().doom());
    private static final Setting<Integer> ORDERS_PER_ANSWER = number(
            "orders-per-answer",
            "Orders in the answer to one heartbeat at most",
            RULES.chunks().ordersPerAnswer());
    private static final Setting<Integer> RECONCILE_PAGE =
            number("reconcile-page", "Rows in one page of a reconciliation", RULES.chunks().reconcilePage());

    private static final Setting<Duration> IDEMPOTENCY_KEPT =
            positive("idempotency-keys-kept", "How long the answer to an Idempotency-Key is kept", RETENTION.idempotencyKeys());
    private static final Setting<Duration> ACTIVITY_KEPT =
            positive("activity-kept", "How far back GET /v1/events can resume", RETENTION.activity());
    private static final Setting<Duration> HISTORY_KEPT =
            positive("history-kept", "How long closed replicas and evictions, the audit trail, are kept", RETENTION.history());
    private static final Setting<Duration> PLANS_KEPT = positive(
            "plans-kept",
            "How long a plan can be applied after it was made, and is kept after it was applied",
            RULES.plansKept());
    private static final Setting<Long> OPEN_ORDERS_MAX =
            Setting.longInteger("open-orders-max", "Backlog of open orders at which puts are refused for a while")
                    .must("1 or more", number -> number >= 1)
                    .defaultTo(1_000_000L);
    private static final Setting<Duration> UPKEEP =
            positive("upkeep", "How often silent hosts and unfinished evictions are looked for, with jitter", Duration.ofSeconds(1));
    private static final Setting<Duration> TRIM =
            positive("trim", "How often what is no longer kept is deleted, with jitter", Duration.ofMinutes(1));
    private static final Setting<Duration> STARTUP_TIMEOUT =
            Setting.duration("startup-timeout", "How long to wait at the start for PostgreSQL and Kafka")
                    .defaultTo(Duration.ofMinutes(1));

    private static final Setting<Optional<Path>> NATIVE_FOLDER = Setting.path(
            "native-folder",
            "Where native libraries are unpacked at the start, and pages are kept, on a file system that may execute files; if not given the user's cache folder, or else the temporary folder")
            .readable("a folder that can be written, or made", NativeLibraries::requireFolder)
            .optional();

    private static final Setting<Optional<Path>> TOKENS_FILE = Setting.path(
            "tokens-file",
            "File of tokens that are known from the start, one line each: NAME ROLE SHA-256-OF-TOKEN, and for a host its id")
            .readable(TokensFile.FORM, TokensFile::read)
            .optional();

    /** Declaration of all settings of a coordinator, and of the conditions between them. */
    public static final SettingsDeclaration DECLARATION = new SettingsDeclaration(
            "coordinator",
            declared(),
            Stream.concat(
                    ListenerSecurity.checks(LISTEN).stream(),
                    Stream.of(

                            new CrossCheck(
                                    HOST_TIMEOUT,
                                    HEARTBEAT,
                                    "over 3 times the heartbeat",
                                    (timeout, beat) -> timeout.compareTo(beat.multipliedBy(3)) > 0),
                            new CrossCheck(
                                    ORDER_RETRY_MAX,
                                    ORDER_RETRY,
                                    "at least order-retry",
                                    (most, first) -> most.compareTo(first) >= 0),
                            new CrossCheck(
                                    ORDER_RETRY_MAX,
                                    ORDER_RETENTION,
                                    "under orders-retention",
                                    (most, kept) -> most.compareTo(kept) < 0),
                            new CrossCheck(
                                    MIN_IN_SYNC,
                                    REPLICATION_FACTOR,
                                    "at most topics-replication-factor",
                                    (least, factor) -> least.isEmpty() || factor.isEmpty() || least.get() <= factor.get()),
                            new CrossCheck(
                                    GRACE,
                                    COMMAND_DEADLINE,
                                    "over twice the command-deadline, in which a host registers and resolves",
                                    (grace, deadline) -> grace.compareTo(deadline.multipliedBy(2)) > 0),
                            new CrossCheck(GRACE, HEARTBEAT, "over the heartbeat", (grace, beat) -> grace.compareTo(beat) > 0),
                            new CrossCheck(
                                    IDEMPOTENCY_KEPT,
                                    COMMAND_DEADLINE,
                                    "over twice the command-deadline, in which a client asks again",
                                    (kept, deadline) -> kept.compareTo(deadline.multipliedBy(2)) > 0)))
                    .toList());

    private static Setting<Integer> number(String name, String description, int fallback) {
        return Setting.integer(name, description).must("1 or more", number -> number >= 1).defaultTo(fallback);
    }

    private static Setting<Optional<Integer>> copies(String name, String description) {
        return Setting.integer(name, description).must("1 to 32767", number -> number >= 1 && number <= Short.MAX_VALUE).optional();
    }

    private static Setting<Duration> positive(String name, String description, Duration fallback) {
        return Setting.duration(name, description).must("more than zero", Duration::isPositive).defaultTo(fallback);
    }

    private static List<Setting<?>> declared() {
        List<Setting<?>> all =
                new ArrayList<>(
                        List.of(
                                LISTEN,
                                DATABASE_URL,
                                DATABASE_USER,
                                DATABASE_PASSWORD,
                                DATABASE_POOL,
                                COMMAND_DEADLINE,
                                COMMANDS_WAITING_MAX));
        all.addAll(KafkaSettings.SETTINGS);
        all.addAll(
                List.of(
                        ORDER_PARTITIONS,
                        EVICTION_PARTITIONS,
                        REPORT_PARTITIONS,
                        ORDER_RETENTION,
                        EVICTION_RETENTION,
                        REPORT_RETENTION,
                        REPLICATION_FACTOR,
                        MIN_IN_SYNC,
                        HEARTBEAT,
                        HOST_TIMEOUT,
                        RECONCILE,
                        ORDER_RETRY,
                        ORDER_RETRY_MAX,
                        GRACE,
                        BREAKER_SHARE,
                        BREAKER_FROM,
                        DOOM_CHUNK,
                        ORDERS_PER_ANSWER,
                        RECONCILE_PAGE,
                        IDEMPOTENCY_KEPT,
                        ACTIVITY_KEPT,
                        HISTORY_KEPT,
                        PLANS_KEPT,
                        OPEN_ORDERS_MAX,
                        UPKEEP,
                        TRIM,
                        STARTUP_TIMEOUT,
                        NATIVE_FOLDER,
                        TOKENS_FILE));
        all.addAll(ListenerSecurity.SETTINGS);
        all.addAll(HttpLimits.SETTINGS);
        all.addAll(LogSettings.SETTINGS);
        all.add(Tracing.ENDPOINT);
        return all;
    }

    /**
     * Reads and checks all settings.
     *
     * @throws SettingsException with everything that is wrong
     */
    public static CoordinatorSettings read(Sources sources) throws SettingsException {
        return from(DECLARATION.read(sources));
    }

    /** Returns the record of settings that were read by {@link #DECLARATION}. */
    public static CoordinatorSettings from(Settings settings) {
        Retention retention =
                new Retention(settings.get(IDEMPOTENCY_KEPT), settings.get(ACTIVITY_KEPT), settings.get(HISTORY_KEPT), RETENTION.chunk());
        int orderPartitions = settings.get(ORDER_PARTITIONS);
        PostgresRegistrySettings database = PostgresRegistrySettings
                .of(settings.get(DATABASE_URL), settings.get(DATABASE_USER), settings.get(DATABASE_PASSWORD).reveal(), orderPartitions)
                .withPool(settings.get(DATABASE_POOL), Duration.ofSeconds(3))
                .withCommandDeadline(settings.get(COMMAND_DEADLINE))
                .withWaitingMax(settings.get(COMMANDS_WAITING_MAX))
                .withRetention(retention);
        RegistryTopics topics = new RegistryTopics(
                shape(settings, ORDER_PARTITIONS, ORDER_RETENTION),
                shape(settings, EVICTION_PARTITIONS, EVICTION_RETENTION),
                shape(settings, REPORT_PARTITIONS, REPORT_RETENTION),
                new Copies(settings.get(REPLICATION_FACTOR), settings.get(MIN_IN_SYNC)));
        return new CoordinatorSettings(
                settings.get(LISTEN),
                ListenerSecurity.from(settings),
                settings.get(TOKENS_FILE),
                HttpLimits.from(settings),
                database,
                KafkaSettings.from(settings, "spillway-coordinator"),
                topics,
                rules(settings),
                settings.get(OPEN_ORDERS_MAX),
                settings.get(UPKEEP),
                settings.get(TRIM),
                settings.get(STARTUP_TIMEOUT),
                settings.get(NATIVE_FOLDER).map(List::of).orElseGet(NativeLibraries::defaultFolders),
                LogSettings.from(settings),
                settings.get(Tracing.ENDPOINT),
                settings.print());
    }

    private static RegistryTopics.Shape shape(Settings settings, Setting<Integer> partitions, Setting<Duration> retention) {
        return new RegistryTopics.Shape(settings.get(partitions), settings.get(retention), settings.isGiven(retention));
    }

    private static RegistryRules rules(Settings settings) {
        return new RegistryRules(
                new RegistryRules.Contact(settings.get(HEARTBEAT), settings.get(HOST_TIMEOUT), settings.get(RECONCILE)),
                new RegistryRules.Retry(settings.get(ORDER_RETRY), settings.get(ORDER_RETRY_MAX)),
                new RegistryRules.Breaker(settings.get(BREAKER_SHARE), settings.get(BREAKER_FROM)),
                settings.get(GRACE),
                new RegistryRules.Chunks(
                        settings.get(DOOM_CHUNK),
                        settings.get(ORDERS_PER_ANSWER),
                        settings.get(RECONCILE_PAGE),
                        RULES.chunks().plan()),
                settings.get(PLANS_KEPT));
    }

    /** Returns all settings, without secrets. */
    @Override
    public String toString() {
        return printed;
    }
}
