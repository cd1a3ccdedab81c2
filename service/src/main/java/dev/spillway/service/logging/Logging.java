package dev.spillway.service.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.jul.LevelChangePropagator;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.joran.spi.ConsoleTarget;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.status.Status;
import ch.qos.logback.core.status.StatusListener;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * Configures Logback. Until a service has read its settings, the defaults apply: text on standard error. Logback finds this class as a
 * {@link Configurator}. The configuration is in Java because reading XML takes a quarter of a second at each start.
 */
public final class Logging extends ContextAwareBase implements Configurator {
    private static final String SPILLWAY = "dev.spillway";

    /** Loggers whose warnings are useless, such as that a connection is refused while the server closes. */
    private static final List<String> NOISY = List.of("state.change.logger", "io.netty.bootstrap.ServerBootstrap");
    /**
     * Logs an error when a client disconnects in the middle of a file. This is logged at level debug, as for clients that disconnect in the middle of
     * a stream.
     */
    private static final String FILES_SENT = "io.vertx.core.net.impl.VertxConnection";
    /** Loggers whose warnings the services repeat in their own words. */
    private static final List<String> RESTATED = List.of("org.apache.kafka", "kafka", "com.zaxxer.hikari");
    /** Logs a failure every few seconds while a receiver of traces is down. The service logs it once, in its own words. */
    private static final String TRACES = "io.opentelemetry";
    /** The driver logs through java.util.logging, so its loggers are known here only after their first line. */
    private static final String DRIVER = "org.postgresql";

    /**
     * Keeps clients from forging lines and sending escape sequences to terminals. Text after a line break is indented, in messages and exceptions,
     * and other control characters become question marks.
     */
    private static final String PATTERN = "%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level %logger{0} - "
            + "%replace(%replace(%msg%replace( %kvp){'^ $', ''}%n%ex){'\\R(?=.)', '\n    '}){'[\\p{Cc}&&[^\\t\\n]]', '?'}";

    /** Called by Logback, which needs a public constructor. */
    public Logging() {}

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        configureConsole(context, LogSettings.DEFAULT);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /** Applies the settings of a service, whose log goes to standard error. */
    public static void apply(LogSettings settings) {
        configureConsole(restart(), settings);
    }

    /** Does the same as {@link #apply}, but logs into a file and includes the warnings that services repeat. */
    public static void apply(LogSettings settings, Path file) {
        var appender = new FileAppender<ILoggingEvent>();
        appender.setFile(file.toString());
        configure(restart(), settings, appender);
    }

    /** Discards the former configuration, and installs the bridge for libraries that use other logging APIs. */
    private static LoggerContext restart() {
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
        var context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        return context;
    }

    /** Logs to standard error, because standard output is for the results of commands. */
    private static void configureConsole(LoggerContext context, LogSettings settings) {
        var appender = new ConsoleAppender<ILoggingEvent>();
        appender.setTarget(ConsoleTarget.SystemErr.getName());
        configure(context, settings, appender);
        RESTATED.forEach(name -> context.getLogger(name).setLevel(Level.ERROR));
    }

    private static void configure(LoggerContext context, LogSettings settings, OutputStreamAppender<ILoggingEvent> appender) {
        context.getStatusManager().add((StatusListener) Logging::tellTrouble);
        var propagator = new LevelChangePropagator();
        propagator.setContext(context);
        propagator.setResetJUL(true);
        propagator.start();
        context.addListener(propagator);
        Encoder<ILoggingEvent> encoder = encoder(settings.format());
        encoder.setContext(context);
        encoder.start();
        appender.setName("log");
        appender.setContext(context);
        appender.setEncoder(encoder);
        appender.start();
        var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.WARN);
        root.addAppender(appender);
        NOISY.forEach(name -> context.getLogger(name).setLevel(Level.ERROR));
        context.getLogger(FILES_SENT).setLevel(Level.OFF);
        context.getLogger(TRACES).setLevel(Level.OFF);
        context.getLogger(DRIVER);
        context.getLogger(SPILLWAY).setLevel(LogLevels.logback(settings.level()));
    }

    /** Prints to standard error why lines cannot be written to the log file. */
    private static void tellTrouble(Status status) {
        if (status.getEffectiveLevel() >= Status.WARN) {
            System.err.println(
                    "log: " + status.getMessage() + (status.getThrowable() == null ? "" : ": " + status.getThrowable().getMessage()));
        }
    }

    private static Encoder<ILoggingEvent> encoder(LogFormat format) {
        return switch (format) {
            case TEXT -> {
                var text = new PatternLayoutEncoder();
                text.setPattern(PATTERN);
                yield text;
            }
            case JSON -> {
                var json = new JsonEncoder();
                json.setWithSequenceNumber(false);
                json.setWithNanoseconds(false);
                json.setWithContext(false);
                json.setWithMDC(false);
                json.setWithMessage(false);
                json.setWithArguments(false);
                json.setWithFormattedMessage(true);
                yield json;
            }
        };
    }
}
