package dev.spillway.service.http;

import dev.spillway.service.settings.Setting;
import dev.spillway.service.settings.Settings;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Bounds of an HTTP service.
 *
 * @param bodyBytesMax size limit of a body that is read into memory, unless its route has another
 * @param workingMax number of requests that handlers work on at the same time
 * @param waitingMax number of requests that wait for a handler; further ones are answered with 503
 * @param streamsMax number of uploads, downloads and event streams at the same time; further ones are answered with 503
 * @param pauseMax time for which a client may send or read nothing in the middle of a body
 * @param heartbeat interval of the comments that keep an event stream alive
 * @param closeWithin time limit for running requests when the service stops
 * @param connectionsMax number of open connections of one listener; further ones are closed without an answer
 * @param idleMax time for which a connection may be without a complete request header, before the first request and between two. It is longer than
 *                clients keep connections for reuse (Java's: 30 s), so that they do not send on a connection that is being closed. Never ends a
 *                running request
 * @param stopDelay time for which a stopping service still accepts requests while it reports that it is not ready
 */
@RecordBuilder
public record HttpLimits(
        long bodyBytesMax,
        int workingMax,
        int waitingMax,
        int streamsMax,
        Duration pauseMax,
        Duration heartbeat,
        Duration closeWithin,
        int connectionsMax,
        Duration idleMax,
        Duration stopDelay)
        implements HttpLimitsBuilder.With {
    public static final HttpLimits DEFAULT = new HttpLimits(
            1 << 20,
            1024,
            1024,
            256,
            Duration.ofSeconds(30),
            Duration.ofSeconds(15),
            Duration.ofSeconds(10),
            10_000,
            Duration.ofSeconds(75),
            Duration.ZERO);

    private static final Setting<Long> BODY = Setting.bytes("http-body-max", "Largest JSON body that is taken")
            .must("1 KiB or more", bytes -> bytes >= 1024)
            .defaultTo(DEFAULT.bodyBytesMax);
    private static final Setting<Integer> WORKING = Setting.integer("http-requests-max", "Requests that are worked on at the same time")
            .must("1 or more", number -> number >= 1)
            .defaultTo(DEFAULT.workingMax);
    private static final Setting<Integer> WAITING =
            Setting.integer("http-requests-waiting-max", "Requests that wait to be worked on; one more is answered 503")
                    .must("0 or more", number -> number >= 0)
                    .defaultTo(DEFAULT.waitingMax);
    private static final Setting<Integer> STREAMS =
            Setting.integer("http-streams-max", "Uploads, downloads and event streams at the same time")
                    .must("1 or more", number -> number >= 1)
                    .defaultTo(DEFAULT.streamsMax);
    private static final Setting<Integer> CONNECTIONS =
            Setting.integer("http-connections-max", "Connections that are open at the same time on one listener; one more is closed")
                    .must("1 or more", number -> number >= 1)
                    .defaultTo(DEFAULT.connectionsMax);
    private static final Setting<Duration> CLOSE =
            Setting.duration("http-close-within", "How long requests may take to end when the service stops")
                    .defaultTo(DEFAULT.closeWithin);

    private static final Setting<Optional<Duration>> STOP_DELAY =
            Setting.duration(
                    "stop-delay",
                    "How long a service that is to stop still takes requests, while it is not ready, so that load balancers notice")
                    .must("20 s or less", delay -> delay.compareTo(Duration.ofSeconds(20)) <= 0)
                    .optional();

    /** Settings that {@link #from} reads, for the declaration of a service. */
    public static final List<Setting<?>> SETTINGS = List.of(BODY, WORKING, WAITING, STREAMS, CONNECTIONS, CLOSE, STOP_DELAY);

    public static HttpLimits from(Settings settings) {
        return new HttpLimits(
                settings.get(BODY),
                settings.get(WORKING),
                settings.get(WAITING),
                settings.get(STREAMS),
                DEFAULT.pauseMax,
                DEFAULT.heartbeat,
                settings.get(CLOSE),
                settings.get(CONNECTIONS),
                DEFAULT.idleMax,
                settings.get(STOP_DELAY).orElse(Duration.ZERO));
    }
}
