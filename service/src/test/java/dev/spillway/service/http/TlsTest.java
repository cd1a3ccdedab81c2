package dev.spillway.service.http;

import dev.spillway.service.identity.Identity;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

class TlsTest {
    private static final long HANG = Duration.ofMinutes(5).toNanos();

    @TempDir
    private Path folder;

    private void certificate(String name) throws IOException, InterruptedException {
        try {
            Process openssl =
                    new ProcessBuilder("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-days", "2", "-subj", "/CN=" + name, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                            folder.resolve(name + ".key").toString(),
                            "-out", folder.resolve(name + ".crt").toString()).redirectErrorStream(true).start();
            String said = new String(openssl.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            assertThat(openssl.waitFor()).as(said).isZero();
        } catch (IOException e) {
            assumeThat(e).as("openssl is not here").isNull();
        }
    }

    private void serve(String name) throws IOException {
        for (String kind : new String[]{".crt", ".key"}) {
            Files.copy(folder.resolve(name + kind), folder.resolve("served" + kind), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private ListenerSecurity served() {
        return new ListenerSecurity(false, false, Optional.of(new TlsFiles(folder.resolve("served.crt"), folder.resolve("served.key"))));
    }

    private RunningService service() throws Exception {
        return new RunningService(served(), digest -> Optional.<Identity>empty(),
                RunningService.get("/hello", request -> Response.ok(Map.of())));
    }

    private HttpClient trusting() throws Exception {
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
        return HttpClient.newBuilder().sslContext(context).version(HttpClient.Version.HTTP_1_1).build();
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
        certificate("first");
        certificate("second");
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
            // For a moment the pair does not match.
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

    @Test
    void whatIsNotACertificateIsRefusedAtTheStart() throws Exception {
        Files.writeString(folder.resolve("served.crt"), "no certificate");
        Files.writeString(folder.resolve("served.key"), "no key");
        assertThatThrownBy(this::service).isInstanceOf(IOException.class);
        Files.delete(folder.resolve("served.key"));
        assertThatThrownBy(this::service).isInstanceOf(IOException.class).hasMessageContaining("served.key");
    }

    @Test
    void plainHttpIsNotAnsweredWhereTlsIsSpoken() throws Exception {
        certificate("first");
        serve("first");
        try (RunningService service = service()) {
            assertThatThrownBy(() -> service.get("/hello")).isInstanceOf(IOException.class);
            assertThat(shown(service)).isEqualTo("CN=first");
        }
    }
}
