package dev.spillway.worker.filesystem.posix;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * Finds functions of the C library and calls them. Each function gets {@link Scratch#state()} as its first argument and leaves its error number
 * there.
 */
final class NativeFunction {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final SymbolLookup LIBRARY = LINKER.defaultLookup();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");

    /** One call with its arguments, given the memory of the calling thread. */
    @FunctionalInterface
    interface Call {
        long make(Scratch scratch) throws Throwable;
    }

    private NativeFunction() {}

    static boolean exists(String name) {
        return LIBRARY.find(name).isPresent();
    }

    static MethodHandle link(String name, MemoryLayout result, MemoryLayout... arguments) {
        return link(name, FunctionDescriptor.of(result, arguments), ERRNO);
    }

    /**
     * Finds a function such as {@code open(int, const char *, int, ...)}. Its arguments from the given one on are passed by the rules for {@code
     * ...}, which differ from the others on some machines.
     */
    static MethodHandle variadic(String name, int firstVariadic, MemoryLayout result, MemoryLayout... arguments) {
        return link(name, FunctionDescriptor.of(result, arguments), ERRNO, Linker.Option.firstVariadicArg(firstVariadic));
    }

    @SuppressWarnings("restricted")
    private static MethodHandle link(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        MemorySegment address = LIBRARY.find(name)
                .orElseThrow(() -> new IllegalStateException("C library: no function " + name + " (expected: glibc 2.30 or newer)"));
        return LINKER.downcallHandle(address, descriptor, options);
    }

    /** Makes the call, again for as long as a signal interrupts it. */
    static long invoke(Scratch scratch, Call call) throws PosixException {
        while (true) {
            long result = invokeOnce(scratch, call);
            if (result >= 0 || Errno.of(scratch.errno()) != Errno.EINTR) {
                return result;
            }
        }
    }

    static long invokeOnce(Scratch scratch, Call call) throws PosixException {
        try {
            return call.make(scratch);
        } catch (PosixException | Error | RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a native call threw", e);
        }
    }
}
