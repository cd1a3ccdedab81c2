package dev.spillway.cli;

import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The {@code spillway} command. Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 not found, 4 server not reachable. */
@Command(name = "spillway", mixinStandardHelpOptions = true, versionProvider = Main.Version.class,
        description = "Keeps the caches of a fleet of hosts in step.")
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[]{"spillway " + Objects.requireNonNullElse(Main.class.getPackage().getImplementationVersion(), "unpackaged")};
        }
    }
}
