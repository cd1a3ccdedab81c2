package dev.spillway.service.http;

import dev.spillway.service.identity.Identity;
import dev.spillway.service.settings.HostPort;
import dev.spillway.testservers.Certificate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class TlsTest {
    private static final String HELLO = "GET /hello HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    private static final long HANG = Duration.ofMinutes(5).toNanos();

    @TempDir
    private Path folder;

    private void serve(String name) throws IOException {
        for (String kind : new String[]{".crt", ".key"}) {
            Files.copy(folder.resolve(name + kind), folder.resolve("served" + kind), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private RunningService service() throws Exception {
        return service(TlsFiles.READ_EVERY);
    }

    private RunningService service(Duration readEvery) throws Exception {
        TlsFiles files = new TlsFiles(folder.resolve("served.crt"), folder.resolve("served.key"), Optional.empty(), readEvery);
        return new RunningService(
                new ListenerSecurity(false, false, Optional.of(files)),
                digest -> Optional.<Identity>empty(),
                RunningService.get("/hello", request -> Response.ok(Map.of())));
    }

    private HttpClient trusting() throws Exception {
        return HttpClient.newBuilder().sslContext(trust()).version(HttpClient.Version.HTTP_1_1).build();
    }

    private SSLContext trust() throws Exception {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        for (String name : new String[]{"first", "second"}) {
            if (!Files.exists(folder.resolve(name + ".crt"))) {
                continue;
            }
            try (var in = Files.newInputStream(folder.resolve(name + ".crt"))) {
                trusted.setCertificateEntry(name, CertificateFactory.getInstance("X.509").generateCertificate(in));
            }
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    private static HttpRequest hello(RunningService service) {
        return HttpRequest.newBuilder(URI.create("https://" + service.service.address() + "/hello")).build();
    }

    /** Returns the name in the certificate that the server shows on a new connection. */
    private String shown(RunningService service) throws Exception {
        try (HttpClient client = trusting()) {
            var answer = client.send(hello(service), BodyHandlers.discarding());
            assertThat(answer.statusCode()).isEqualTo(200);
            X509Certificate shown = (X509Certificate) answer.sslSession().orElseThrow().getPeerCertificates()[0];
            return shown.getSubjectX500Principal().getName();
        }
    }

    @Test
    void aCertificateIsRenewedWhileRequestsAreAnswered() throws Exception {
        Certificate.make(folder, "first");
        Certificate.make(folder, "second");
        serve("first");
        try (RunningService service = service(); HttpClient load = trusting()) {
            assertThat(shown(service)).isEqualTo("CN=first");
            AtomicBoolean ended = new AtomicBoolean();
            CompletableFuture<Integer> answered = CompletableFuture.supplyAsync(() -> {
                int count = 0;
                try {
                    while (!ended.get()) {
                        assertThat(load.send(hello(service), BodyHandlers.discarding()).statusCode()).isEqualTo(200);
                        count++;
                    }
                } catch (IOException | InterruptedException e) {
                    throw new AssertionError(e);
                }
                return count;
            });
            // The new certificate does not match the old key, so the old pair is served.
            Files.copy(folder.resolve("second.crt"), folder.resolve("served.crt"), StandardCopyOption.REPLACE_EXISTING);
            for (int look = 0; look < 50; look++) {
                assertThat(shown(service)).isEqualTo("CN=first");
            }
            serve("second");
            long deadline = System.nanoTime() + HANG;
            while (!shown(service).equals("CN=second")) {
                assertThat(System.nanoTime()).isLessThan(deadline);
            }
            ended.set(true);
            assertThat(answered.get()).isPositive();
        }
    }

    /** Sends one request on a new connection, and returns the name in the certificate of the server. */
    private static String asked(SSLSocketFactory sockets, HostPort address) throws IOException {
        try (SSLSocket socket = (SSLSocket) sockets.createSocket(address.host(), address.port())) {
            socket.setSoTimeout((int) Duration.ofMinutes(5).toMillis());
            socket.getOutputStream()
                    .write(HELLO.getBytes(StandardCharsets.UTF_8));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8)).startsWith("HTTP/1.1 200 ");
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSubjectX500Principal().getName();
        }
    }

    @Test
    void aHundredRenewalsFailNoRequest() throws Exception {
        Certificate.make(folder, "first");
        Certificate.make(folder, "second");
        serve("first");
        SSLSocketFactory sockets = trust().getSocketFactory();
        AtomicLong answered = new AtomicLong();
        AtomicBoolean ended = new AtomicBoolean();
        try (RunningService service = service(Duration.ofMillis(20)); HttpClient kept = trusting()) {
            Callable<Void> onNewConnections = () -> {
                while (!ended.get()) {
                    asked(sockets, service.service.address());
                    answered.incrementAndGet();
                }
                return null;
            };
            Callable<Void> onAKeptConnection = () -> {
                while (!ended.get()) {
                    assertThat(kept.send(hello(service), BodyHandlers.discarding()).statusCode()).isEqualTo(200);
                    answered.incrementAndGet();
                }
                return null;
            };
            try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                List<Future<Void>> load = List.of(threads.submit(onNewConnections), threads.submit(onAKeptConnection));
                try {
                    long deadline = System.nanoTime() + HANG;
                    for (int renewal = 1; renewal <= 100; renewal++) {
                        String name = renewal % 2 == 0 ? "first" : "second";
                        long before = answered.get();
                        // The pair does not match until two more requests are answered.
                        Files.copy(folder.resolve(name + ".crt"), folder.resolve("served.crt"), StandardCopyOption.REPLACE_EXISTING);
                        while (answered.get() < before + 2) {
                            assertThat(System.nanoTime()).isLessThan(deadline);
                            assertThat(load).noneMatch(Future::isDone);
                        }
                        serve(name);
                        while (!asked(sockets, service.service.address()).equals("CN=" + name)) {
                            assertThat(System.nanoTime()).isLessThan(deadline);
                            assertThat(load).noneMatch(Future::isDone);
                        }
                    }
                } finally {
                    ended.set(true);
                }
                for (Future<Void> each : load) {
                    each.get();
                }
            }
        }
        assertThat(answered.get()).isGreaterThanOrEqualTo(200);
    }

    @Test
    void whatIsNotACertificateIsRefusedAtTheStart() throws Exception {
        Files.writeString(folder.resolve("served.crt"), "no certificate");
        Files.writeString(folder.resolve("served.key"), "no key");
        assertThatThrownBy(this::service).isInstanceOf(IOException.class);
        Files.delete(folder.resolve("served.key"));
        assertThatThrownBy(this::service).isInstanceOf(IOException.class).hasMessageContaining("served.key");
    }

    @Test
    void theAddressForHealthChecksAnswersThemAloneAndWithoutTls() throws Exception {
        Certificate.make(folder, "first");
        serve("first");
        HostPort health;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            health = new HostPort("127.0.0.1", free.getLocalPort());
        }
        TlsFiles files = new TlsFiles(folder.resolve("served.crt"), folder.resolve("served.key"), Optional.empty());
        try (RunningService service =
                new RunningService(
                        new ListenerSecurity(true, false, Optional.of(files), Optional.of(health), Optional.empty()),
                        digest -> Optional.empty(),
                        RunningService.get("/hello", request -> Response.ok(Map.of())))) {
            for (var asked : Map.of("/livez", 200, "/readyz", 200, "/hello", 404, "/metrics", 404, "/v1/loggers", 404).entrySet()) {
                HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + health + asked.getKey())).build();
                assertThat(service.client.send(request, BodyHandlers.discarding()).statusCode()).as(asked.getKey())
                        .isEqualTo(asked.getValue());
            }
        }
    }

    @Test
    void plainHttpIsNotAnsweredWhereTlsIsSpoken() throws Exception {
        Certificate.make(folder, "first");
        serve("first");
        try (RunningService service = service()) {
            assertThatThrownBy(() -> service.get("/hello")).isInstanceOf(IOException.class);
            assertThat(shown(service)).isEqualTo("CN=first");
        }
    }
}
