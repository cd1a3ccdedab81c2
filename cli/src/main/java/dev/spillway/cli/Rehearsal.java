package dev.spillway.cli;

import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Runs the most common commands against a fake server, to record the AOT archive of loaded classes that the launcher uses. */
public final class Rehearsal {
    private static final String ENTRY = """
            {"namespace":"trees","key":"a","snapshotId":"s","generation":1,"sizeBytes":4096,"description":"","labels":{"a":"b"},
             "createdAt":"2026-01-01T00:00:00Z","lastAccessedAt":"2026-01-01T00:00:00Z","path":"/a","source":"local","evicted":[]}""";

    private Rehearsal() {}

    public static void main(String[] args) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            boolean list = exchange.getRequestURI().getPath().endsWith("entries");
            byte[] answer = (list ? "{\"items\":[" + ENTRY + "]}" : ENTRY).getBytes(StandardCharsets.UTF_8);
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
        String url = "127.0.0.1:" + server.getAddress().getPort();
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
        Console console = new Console(nowhere, nowhere, new BufferedReader(new StringReader("")), false);
        for (List<String> command : List.of(
                List.of("ls", "trees", "--url", url),
                List.of("get", "trees", "a", "--worker", url),
                List.of("put", "trees", "a", "/", "--worker", url),
                List.of("hosts", "--url", url),
                List.of("--help"))) {
            var _ = Main.run(command, console);
        }
        server.stop(0);
    }
}
