package dev.spillway.bench.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A certificate for 127.0.0.1 with its key, made by the JDK's keytool, in PEM files. */
record BenchCertificate(Path certificate, Path key, SocketFactory trusting) {
    private static final char[] PASSWORD = "benchmark".toCharArray();

    static BenchCertificate make(Path folder) throws IOException, InterruptedException {
        Path store = folder.resolve("store.p12");
        Process keytool = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "bench",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-dname",
                "CN=bench",
                "-ext",
                "san=ip:127.0.0.1",
                "-validity",
                "2",
                "-keystore",
                store.toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                new String(PASSWORD)).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (keytool.waitFor() != 0) {
            throw new IOException("keytool ended with " + keytool.exitValue());
        }
        try (InputStream in = Files.newInputStream(store)) {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(in, PASSWORD);
            TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("bench", keys.getCertificate("bench"));
            managers.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers.getTrustManagers(), null);
            return new BenchCertificate(
                    pem(folder.resolve("bench.crt"), "CERTIFICATE", keys.getCertificate("bench").getEncoded()),
                    pem(folder.resolve("bench.key"), "PRIVATE KEY", keys.getKey("bench", PASSWORD).getEncoded()),
                    context.getSocketFactory());
        } catch (GeneralSecurityException e) {
            throw new IOException("certificate: " + e.getMessage(), e);
        }
    }

    private static Path pem(Path file, String kind, byte[] encoded) throws IOException {
        return Files.writeString(
                file,
                "-----BEGIN %1$s-----%n%2$s%n-----END %1$s-----%n".formatted(
                        kind,
                        Base64.getMimeEncoder(64, new byte[]{'\n'}).encodeToString(encoded)));
    }
}
