package dev.spillway.bench.measure;

import dev.spillway.bench.BenchmarkFailedException;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.List;

/** Programs that benchmarks are compared with. */
public final class Commands {
    /** Work whose time is measured. */
    @FunctionalInterface
    public interface Work {
        void run() throws IOException, InterruptedException;
    }

    private Commands() {}

    /** Runs a program to its end. */
    public static void run(String... command) throws IOException, InterruptedException {
        pipe(List.of(List.of(command)));
    }

    /** Runs programs to their ends, each reading what the one before writes. */
    public static void pipe(List<List<String>> commands) throws IOException, InterruptedException {
        List<ProcessBuilder> builders = commands.stream().map(ProcessBuilder::new).toList();
        builders.forEach(builder -> builder.redirectError(Redirect.INHERIT));
        builders.getLast().redirectOutput(Redirect.INHERIT);
        List<Process> processes = ProcessBuilder.startPipeline(builders);
        for (int number = 0; number < processes.size(); number++) {
            int code = processes.get(number).waitFor();
            if (code != 0) {
                throw new BenchmarkFailedException(commands.get(number) + ": ended with " + code + " (expected: 0)");
            }
        }
    }

    /** Returns the time that work takes, in nanoseconds. */
    public static long nanos(Work work) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        work.run();
        return System.nanoTime() - begin;
    }
}
