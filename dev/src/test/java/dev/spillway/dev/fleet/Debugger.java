package dev.spillway.dev.fleet;

import com.sun.jdi.Bootstrap;
import com.sun.jdi.Field;
import com.sun.jdi.IncompatibleThreadStateException;
import com.sun.jdi.Method;
import com.sun.jdi.ObjectReference;
import com.sun.jdi.ReferenceType;
import com.sun.jdi.StackFrame;
import com.sun.jdi.VMDisconnectedException;
import com.sun.jdi.Value;
import com.sun.jdi.VirtualMachine;
import com.sun.jdi.connect.AttachingConnector;
import com.sun.jdi.connect.Connector;
import com.sun.jdi.connect.IllegalConnectorArgumentsException;
import com.sun.jdi.event.BreakpointEvent;
import com.sun.jdi.event.ClassPrepareEvent;
import com.sun.jdi.event.Event;
import com.sun.jdi.event.EventSet;
import com.sun.jdi.request.BreakpointRequest;
import com.sun.jdi.request.ClassPrepareRequest;
import com.sun.jdi.request.EventRequest;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Kills a process when it comes to a place in its code, through the debugging interface of its JVM: the code has nothing in it for that. The JVM waits at
 * its start until it is {@link #resume}d, so a place cannot be passed before somebody looks.
 */
final class Debugger {
    /** The environment of a JVM that is to be debugged. It prints its port on a line that begins with {@link #LISTENING}. */
    static final Map<String, String> ENVIRONMENT =
            Map.of("JAVA_TOOL_OPTIONS", "-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,address=127.0.0.1:0");

    static final String LISTENING = "Listening for transport dt_socket at address: ";

    private record Armed(KillPoint point, CompletableFuture<Void> hit) {}

    private final VirtualMachine machine;
    private final Process process;
    private volatile @Nullable Armed armed;

    private Debugger(VirtualMachine machine, Process process) {
        this.machine = machine;
        this.process = process;
    }

    static Debugger attach(Process process, int port) throws IOException {
        AttachingConnector connector = Bootstrap.virtualMachineManager()
                .attachingConnectors()
                .stream()
                .filter(each -> each.name().equals("com.sun.jdi.SocketAttach"))
                .findFirst()
                .orElseThrow();
        Map<String, Connector.Argument> arguments = connector.defaultArguments();
        Objects.requireNonNull(arguments.get("hostname")).setValue("127.0.0.1");
        Objects.requireNonNull(arguments.get("port")).setValue(Integer.toString(port));
        try {
            return new Debugger(connector.attach(arguments), process);
        } catch (IllegalConnectorArgumentsException e) {
            throw new IllegalArgumentException("port: " + port + " (expected: the one that the JVM printed)", e);
        }
    }

    /** Kills the process when it comes there; the answer completes when it is dead, and fails if there is no such place. */
    CompletableFuture<Void> killAt(KillPoint point) {
        Armed one = new Armed(point, new CompletableFuture<>());
        armed = one;
        ClassPrepareRequest prepared = machine.eventRequestManager().createClassPrepareRequest();
        prepared.addClassFilter(point.type());
        prepared.setSuspendPolicy(EventRequest.SUSPEND_ALL);
        prepared.enable();
        machine.classesByName(point.type()).stream().filter(ReferenceType::isPrepared).forEach(type -> stopIn(type, one));
        return one.hit();
    }

    /** Lets the process begin. */
    void resume() {
        Thread.ofPlatform().daemon().name("debugger-" + process.pid()).start(this::followEvents);
    }

    private void stopIn(ReferenceType type, Armed one) {
        List<Method> methods = type.methodsByName(one.point().method()).stream().filter(method -> !method.isBridge()).toList();
        if (methods.isEmpty()) {
            one.hit().completeExceptionally(new AssertionError("kill point: " + one.point().place() + " (expected: a method that exists)"));
        }
        for (Method method : methods) {
            BreakpointRequest request = machine.eventRequestManager().createBreakpointRequest(method.location());
            request.setSuspendPolicy(EventRequest.SUSPEND_ALL);
            request.enable();
        }
    }

    private void followEvents() {
        try {
            while (true) {
                EventSet events = machine.eventQueue().remove();
                for (Event event : events) {
                    follow(event);
                }
                events.resume();
            }
        } catch (VMDisconnectedException e) {
            // The process has ended, by this or by another hand.
            failArmed(e);
        } catch (InterruptedException | IncompatibleThreadStateException | RuntimeException e) {
            failArmed(e);
        }
    }

    private void follow(Event event) throws IncompatibleThreadStateException {
        Armed one = armed;
        if (one == null) {
            return;
        }
        if (event instanceof ClassPrepareEvent prepared) {
            stopIn(prepared.referenceType(), one);
        } else if (event instanceof BreakpointEvent reached && isThere(one.point(), reached.thread().frame(0))) {
            // All its threads stand still, so nothing happens between this moment and its end.
            armed = null;
            process.destroyForcibly();
            var _ = process.onExit().thenRun(() -> one.hit().complete(null));
        }
    }

    private static boolean isThere(KillPoint point, StackFrame frame) {
        if (point.of().isEmpty()) {
            return true;
        }
        String first = point.of().getFirst();
        Value value = first.equals("this") ? frame.thisObject() : frame.getArgumentValues().get(Integer.parseInt(first));
        for (String name : point.of().subList(1, point.of().size())) {
            Field field = value instanceof ObjectReference object ? object.referenceType().fieldByName(name) : null;
            if (field == null) {
                return false;
            }
            value = ((ObjectReference) value).getValue(field);
        }
        return value != null && value.type().name().endsWith(point.valueType());
    }

    private void failArmed(Exception why) {
        Armed one = armed;
        if (one != null) {
            one.hit().completeExceptionally(new AssertionError("kill point: " + one.point().place() + ": " + why, why));
        }
    }
}
