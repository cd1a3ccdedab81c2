package dev.spillway.testservers;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A certificate for 127.0.0.1 and its key, in PEM files. */
public record Certificate(Path certificate, Path key) {
    /** Makes a self-signed certificate with the command {@code openssl}. */
    public static Certificate make(Path folder, String name) throws IOException, InterruptedException {
        Certificate made = new Certificate(folder.resolve(name + ".crt"), folder.resolve(name + ".key"));
        openssl(
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=" + name,
                "-addext",
                "subjectAltName=IP:127.0.0.1",
                "-keyout",
                made.key.toString(),
                "-out",
                made.certificate.toString());
        return made;
    }

    static void openssl(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments));
        Process openssl = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(openssl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (openssl.waitFor() != 0) {
            throw new IOException("openssl: " + said);
        }
    }
}
