package dev.spillway.cli.option;

import dev.spillway.cli.CommandFailedException;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Declaration;
import dev.spillway.client.http.ClientSecurity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The options for the token that a command sends and for the certificates that it trusts. */
public final class SecurityOptions {
    public static final String TOKEN_FILE = "SPILLWAY_TOKEN_FILE";
    public static final String AUTHORITY = "SPILLWAY_TLS_CA";

    private @Nullable Path tokenFile;
    private @Nullable Path authority;

    void declare(Declaration to) {
        to.option(
                "--token-file",
                "FILE",
                Path.class,
                value -> tokenFile = value,
                "File with the token to show (default: " + TOKEN_FILE + ").")
                .defaultValue("${env:" + TOKEN_FILE + "}");
        to.option(
                "--tls-ca",
                "FILE",
                Path.class,
                value -> authority = value,
                "PEM file of the certificates to believe, for https:// (default: " + AUTHORITY + ", else Java's).")
                .defaultValue("${env:" + AUTHORITY + "}");
    }

    ClientSecurity read() {
        try {
            return tokenFile == null && authority == null ? ClientSecurity.NONE
                    : ClientSecurity.of(tokenFile == null ? null : Files.readString(tokenFile).strip(), authority);
        } catch (IOException e) {
            throw new CommandFailedException(
                    CommandOutcome.failed("--token-file or --tls-ca: " + e.getMessage() + " (expected: a file that can be read)"));
        }
    }
}
