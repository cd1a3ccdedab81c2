package dev.spillway.service;

import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns SIGTERM, SIGINT and SIGHUP into a call. Shutdown hooks would not do, because all hooks run at the same time: those of libraries would stop a
 * database while the service still needs it. The JDK has no exported class for signals; {@code sun.misc.Signal} is in {@code jdk.unsupported}, which
 * every JDK has, and is called by reflection because the compiler warns of each direct use.
 */
final class StopSignals {

    private static final Logger LOG = LoggerFactory.getLogger(StopSignals.class);

    private StopSignals() {}

    /** Calls {@code onSignal} on each of these signals, on a thread of the JVM; it must not block. */
    static void handle(Runnable onSignal) {
        try {
            var signal = Class.forName("sun.misc.Signal");
            var handlerType = Class.forName("sun.misc.SignalHandler");
            var handler = Proxy.newProxyInstance(
                    StopSignals.class.getClassLoader(),
                    new Class<?>[]{handlerType},
                    (proxy, method, arguments) -> switch (method.getName()) {
                        case "handle" -> {
                            onSignal.run();
                            yield null;
                        }
                        case "hashCode" -> System.identityHashCode(proxy);
                        case "equals" -> System.identityHashCode(proxy) == System.identityHashCode(arguments[0]);
                        default -> "stop on signal";
                    });
            for (var name : new String[]{"TERM", "INT", "HUP"}) {
                signal.getMethod("handle", signal, handlerType)
                        .invoke(null, signal.getConstructor(String.class).newInstance(name), handler);
            }
        } catch (ReflectiveOperationException e) {
            LOG.warn("Signals cannot be handled on this JDK ({}), a shutdown hook stops the service instead", e.toString());
            Runtime.getRuntime().addShutdownHook(new Thread(onSignal, "stop"));
        }
    }
}
