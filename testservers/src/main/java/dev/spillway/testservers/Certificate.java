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
        request(name, made.key, made.certificate, "-x509", "-days", "2", "-addext", "subjectAltName=IP:127.0.0.1");
        return made;
    }

    /** Makes a key, and writes a request for a certificate of it; with {@code -x509} the certificate itself. */
    static void request(String name, Path key, Path written, String... more) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"));
        arguments.addAll(List.of("-subj", "/CN=" + name, "-keyout", key.toString(), "-out", written.toString()));
        arguments.addAll(List.of(more));
        openssl(arguments.toArray(String[]::new));
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
