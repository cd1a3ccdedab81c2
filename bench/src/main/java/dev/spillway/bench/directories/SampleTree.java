package dev.spillway.bench.directories;

import dev.spillway.bench.measure.Commands;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;

/** A tree to store, whole on the disk. */
record SampleTree(String name, Path path) {
    private static final int FILES_PER_DIRECTORY = 100;

    /** Makes many small files, few large files, and a copy of this Java installation; without it if the run is quick. */
    static List<SampleTree> make(Path folder, boolean quick) throws IOException, InterruptedException {
        Path jdk = folder.resolve("jdk");
        SampleTree small = quick ? files(folder, "small files", 500, 15 << 10) : files(folder, "small files", 20_000, 15 << 10);
        SampleTree large = quick ? files(folder, "large files", 4, 1 << 20) : files(folder, "large files", 50, 40 << 20);
        if (!quick) {
            Commands.run("cp", "-a", System.getProperty("java.home"), jdk.toString());
        }
        Commands.run("sync", "-f", folder.toString());
        return quick ? List.of(small, large) : List.of(small, large, new SampleTree("a JDK", jdk));
    }

    private static SampleTree files(Path folder, String name, int files, int bytesEach) throws IOException {
        Path root = folder.resolve(name.replace(' ', '-'));
        byte[] content = new byte[bytesEach];
        SplittableRandom random = new SplittableRandom(files);
        for (int number = 0; number < files; number++) {
            Path directory = root.resolve("d" + number / FILES_PER_DIRECTORY);
            if (number % FILES_PER_DIRECTORY == 0) {
                Files.createDirectories(directory);
            }
            random.nextBytes(content);
            Files.write(directory.resolve("f" + number), content);
        }
        return new SampleTree(name, root);
    }
}
