package dev.spillway.testservers;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** An authority that signs certificates for 127.0.0.1, with its own certificate and key in PEM files. */
public record CertificateAuthority(Path certificate, Path key) {
    /** Makes an authority with the command {@code openssl}. */
    public static CertificateAuthority make(Path folder, String name) throws IOException, InterruptedException {
        CertificateAuthority made = new CertificateAuthority(folder.resolve(name + ".crt"), folder.resolve(name + ".key"));
        Certificate.request(name, made.key, made.certificate, "-x509", "-days", "2");
        return made;
    }

    /**
     * Signs a certificate that lasts two days.
     *
     * @param uris URI names of the certificate, besides its address
     */
    public Certificate sign(Path folder, String name, String... uris) throws IOException, InterruptedException {
        return sign(2, folder, name, uris);
    }

    /** Signs a certificate that expired a day ago. */
    public Certificate signExpired(Path folder, String name, String... uris) throws IOException, InterruptedException {
        return sign(-1, folder, name, uris);
    }

    private Certificate sign(int days, Path folder, String name, String... uris) throws IOException, InterruptedException {
        Certificate made = new Certificate(folder.resolve(name + ".crt"), folder.resolve(name + ".key"));
        Path request = folder.resolve(name + ".csr");
        List<String> names = new ArrayList<>(List.of("IP:127.0.0.1"));
        Arrays.stream(uris).map(uri -> "URI:" + uri).forEach(names::add);
        Certificate.request(name, made.key(), request, "-new", "-addext", "subjectAltName=" + String.join(",", names));
        Certificate.openssl(
                "x509",
                "-req",
                "-in",
                request.toString(),
                "-CA",
                certificate.toString(),
                "-CAkey",
                key.toString(),
                "-CAcreateserial",
                "-days",
                Integer.toString(days),
                "-copy_extensions",
                "copyall",
                "-out",
                made.certificate().toString());
        return made;
    }
}
