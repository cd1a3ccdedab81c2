package dev.spillway.bench.http;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.fleet.SmallFleet;
import dev.spillway.bench.measure.Commands;
import dev.spillway.bench.measure.Figure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A large tree as an archive, to a worker and from it, beside {@code cp} and {@code sync} of the same bytes on the same disk. */
final class Archives {
    private static final int FILES = 64;

    private final SmallFleet fleet;
    private final int bytesEach;
    private final int rounds;

    Archives(SmallFleet fleet, Effort effort) {
        this.fleet = fleet;
        this.bytesEach = (effort.quick() ? 16 << 20 : 1 << 30) / FILES;
        this.rounds = effort.rounds();
    }

    List<Figure> measure(StepListener progress) throws IOException, InterruptedException {
        progress.step("making a tree of %,d MiB".formatted((long) bytesEach * FILES >> 20));
        Path tree = Files.createDirectories(fleet.folder().resolve("large"));
        byte[] content = new byte[bytesEach];
        SplittableRandom random = new SplittableRandom(1);
        for (int file = 0; file < FILES; file++) {
            random.nextBytes(content);
            Files.write(tree.resolve("f" + file), content);
        }
        Path tar = fleet.folder().resolve("large.tar");
        Commands.run("tar", "-C", tree.toString(), "-cf", tar.toString(), ".");
        URI entry = URI.create("http://" + fleet.worker() + "/v1/directories/bench/entries/large");
        try (HttpClient client = HttpClient.newHttpClient()) {
            List<Long> copied = new ArrayList<>();
            List<Long> uploaded = new ArrayList<>();
            List<Long> downloaded = new ArrayList<>();
            for (int round = 1; round <= rounds; round++) {
                progress.step("round %d of %d: archives".formatted(round, rounds));
                Path copy = fleet.folder().resolve("copy-" + round);
                copied.add(Commands.nanos(() -> {
                    Commands.run("cp", "-r", tree.toString(), copy.toString());
                    Commands.run("sync", "-f", copy.toString());
                }));
                Commands.run("rm", "-r", copy.toString());
                uploaded.add(Commands.nanos(() -> {
                    int status = client.send(
                            HttpRequest.newBuilder(entry)
                                    .header("Content-Type", "application/x-tar")
                                    .PUT(BodyPublishers.ofFile(tar))
                                    .build(),
                            BodyHandlers.discarding()).statusCode();
                    if (status != 200) {
                        throw new BenchmarkFailedException("upload: " + status + " (expected: 200)");
                    }
                }));
                downloaded.add(Commands.nanos(() -> {
                    try (InputStream body = client
                            .send(HttpRequest.newBuilder(URI.create(entry + "/archive")).build(), BodyHandlers.ofInputStream())
                            .body()) {
                        long bytes = body.transferTo(OutputStream.nullOutputStream());
                        if (bytes < (long) bytesEach * FILES) {
                            throw new BenchmarkFailedException(
                                    "download: %,d bytes (expected: %,d or more)".formatted(bytes, (long) bytesEach * FILES));
                        }
                    }
                }));
            }
            return List.of(
                    figure("archive put", uploaded),
                    figure("archive sent", downloaded),
                    figure("cp and sync of the same bytes", copied));
        }
    }

    private Figure figure(String name, List<Long> nanos) {
        long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
        return new Figure(name, (double) bytesEach * FILES / (1 << 20) / (sorted[sorted.length / 2] / 1e9), "MiB/s");
    }
}
