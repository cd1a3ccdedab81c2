package dev.spillway.worker.filesystem.posix;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** Checks that the platform has the calls of this package, and knows the numbers of theirs that depend on the machine. */
public final class Platform {
    /** The newest functions that are needed; a C library that has them has all others. */
    private static final List<String> NEWEST_FUNCTIONS = List.of("statx", "renameat2", "getdents64", "copy_file_range", "syncfs");

    record OpenFlags(int directory, int noFollow) {}

    private Platform() {}

    /**
     * @throws IOException naming the platform, when it is not Linux on x86_64 or aarch64 with glibc 2.30 or newer
     */
    public static void requireSupported() throws IOException {
        String system = System.getProperty("os.name", "unknown");
        String machine = machine();
        if (!system.equals("Linux") || !(isX86(machine) || isArm(machine))) {
            throw new IOException("platform: %s on %s (expected: Linux on x86_64 or aarch64)".formatted(system, machine));
        }
        for (String function : NEWEST_FUNCTIONS) {
            if (!NativeFunction.exists(function)) {
                throw new IOException("C library: no function %s (expected: glibc 2.30 or newer)".formatted(function));
            }
        }
    }

    /** Returns whether this process is root, and so may keep owners and read every file. */
    public static boolean isRoot() throws PosixException {
        return LinuxCalls.geteuid() == 0;
    }

    /** Returns the effective user of this process. */
    public static int user() throws PosixException {
        return LinuxCalls.geteuid();
    }

    /** Returns the effective group of this process, not its supplementary ones. */
    public static int group() throws PosixException {
        return LinuxCalls.getegid();
    }

    static OpenFlags openFlags() {
        return isArm(machine()) ? new OpenFlags(0x4000, 0x8000) : new OpenFlags(0x10000, 0x20000);
    }

    /** Returns the number of the system call {@code mknodat}, which the C library exports only since 2.33. */
    static long mknodat() {
        return isArm(machine()) ? 33 : 259;
    }

    private static String machine() {
        return System.getProperty("os.arch", "unknown").toLowerCase(Locale.ROOT);
    }

    private static boolean isX86(String machine) {
        return machine.equals("amd64") || machine.equals("x86_64");
    }

    private static boolean isArm(String machine) {
        return machine.equals("aarch64") || machine.equals("arm64");
    }
}
