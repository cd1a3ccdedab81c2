package dev.spillway.cli;

import java.util.Map;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ConsoleColoursTest {
    @Test
    void coloursAreOffWhereSomebodySaysSoOrTheTerminalHasNone() {
        assertThat(Console.wantsColours(Map.of("TERM", "xterm"))).isTrue();
        assertThat(Console.wantsColours(Map.of("NO_COLOR", ""))).isTrue();
        assertThat(Console.wantsColours(Map.of("NO_COLOR", "0"))).isFalse();
        assertThat(Console.wantsColours(Map.of("TERM", "dumb"))).isFalse();
    }
}
