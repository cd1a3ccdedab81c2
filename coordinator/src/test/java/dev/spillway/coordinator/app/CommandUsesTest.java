package dev.spillway.coordinator.app;

import dev.spillway.coordinator.Await;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.registry.decide.Command;
import dev.spillway.service.UnusableServerException;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests which commands show that the database accepts writes. */
class CommandUsesTest {
    private static final Command<?> SWEEP = new Command.Sweep(1);

    private final CommandUses uses = new CommandUses("spillway");

    private static RegistryUnavailableException failure(String message, String state) {
        return new RegistryUnavailableException("was not carried out", new SQLException(message, state));
    }

    private String why() {
        try {
            uses.requireWorking();
            return "";
        } catch (UnusableServerException e) {
            return String.valueOf(e.getMessage());
        }
    }

    @Test
    void putsThatFindNoSpaceAreSaidAlthoughSweepsWorkUntilAPutWorks() throws Exception {
        RegistryUnavailableException full = failure("ERROR: could not extend file: No space left on device", "53100");
        Await.until("puts fail", () -> {
            uses.failed("Register", full);
            uses.worked(SWEEP, "Sweep");
            return !why().isEmpty();
        });
        assertThat(why()).startsWith("Register: could not extend file: No space left on device, for ");
        uses.worked(new Command.ClaimOrders(1), "Register");
        assertThat(why()).isEmpty();
    }

    @Test
    void whatReadsOnlyShowsNothingAndASweepEndsEveryOtherFailure() throws Exception {
        RegistryUnavailableException readOnly = failure("ERROR: cannot execute INSERT in a read-only transaction", "25006");
        Await.until("writes fail", () -> {
            uses.failed("Register", readOnly);
            uses.worked(new Command.ClaimOrders(1), "ClaimOrders");
            return !why().isEmpty();
        });
        uses.worked(SWEEP, "Sweep");
        assertThat(why()).isEmpty();
    }
}
