package dev.spillway.bench.http;

import dev.spillway.bench.BenchmarkFailedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** An nginx that serves the files of a folder by sendfile, one worker process for each processor. */
final class Nginx implements AutoCloseable {
    private static final long STARTED_WITHIN_SECONDS = 10;

    private final Process process;
    private final Path files;
    private final int port;

    private Nginx(Process process, Path files, int port) {
        this.process = process;
        this.files = files;
        this.port = port;
    }

    /** Starts one that keeps all it writes in a folder. */
    static Nginx start(Path folder) throws IOException, InterruptedException {
        Path files = Files.createDirectories(folder.resolve("files"));
        int port = freePort();
        // Otherwise its worker processes run as a user without access to this folder.
        String user = System.getProperty("user.name").equals("root") ? "user root;" : "";
        Path configuration = Files.writeString(folder.resolve("nginx.conf"), configuration(user, port));
        Process process = new ProcessBuilder(
                Tools.path("nginx").orElseThrow(),
                "-p",
                folder.toString(),
                "-e",
                folder.resolve("nginx.log").toString(),
                "-c",
                configuration.toString()).redirectOutput(Redirect.DISCARD)
                .redirectError(Redirect.INHERIT)
                .start();
        Nginx nginx = new Nginx(process, files, port);
        nginx.awaitStarted();
        return nginx;
    }

    private static String configuration(String user, int port) {
        return """
                %s
                worker_processes auto;
                daemon off;
                pid nginx.pid;
                error_log nginx.log;
                events { worker_connections 1024; }
                http {
                    access_log off;
                    sendfile on;
                    keepalive_requests 1000000000;
                    default_type application/octet-stream;
                    client_body_temp_path temporary;
                    proxy_temp_path temporary;
                    fastcgi_temp_path temporary;
                    uwsgi_temp_path temporary;
                    scgi_temp_path temporary;
                    server { listen 127.0.0.1:%d; root files; }
                }
                """.formatted(user, port);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void awaitStarted() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(STARTED_WITHIN_SECONDS);
        while (!listens()) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                close();
                throw new BenchmarkFailedException(
                        "nginx does not listen on port " + port + " (expected: in %d s)"
                                .formatted(STARTED_WITHIN_SECONDS));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }

    private boolean listens() {
        try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    String address() {
        return "127.0.0.1:" + port;
    }

    /** Serves bytes from a file of this name. */
    void serve(String name, byte[] bytes) {
        try {
            Files.write(files.resolve(name), bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        List<ProcessHandle> workers = process.descendants().toList();
        process.destroy();
        process.onExit().orTimeout(STARTED_WITHIN_SECONDS, TimeUnit.SECONDS).join();
        workers.forEach(ProcessHandle::destroyForcibly);
    }
}
