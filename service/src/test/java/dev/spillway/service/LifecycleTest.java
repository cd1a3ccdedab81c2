package dev.spillway.service;

import dev.spillway.service.Lifecycle.Ending;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class LifecycleTest {
    private final List<String> story = new ArrayList<>();
    private final Lifecycle lifecycle = new Lifecycle("coordinator");

    private AutoCloseable part(String name) {
        story.add("start " + name);
        return () -> story.add("close " + name);
    }

    @Test
    void partsCloseInTheReverseOrderAndOnce() throws Exception {
        lifecycle.start("database", () -> part("database"));
        lifecycle.start("http", () -> part("http"));
        lifecycle.close();
        lifecycle.close();
        assertThat(story).containsExactly("start database", "start http", "close http", "close database");
    }

    @Test
    void whenOnePartDoesNotStartThoseBeforeItClose() throws Exception {
        lifecycle.start("database", () -> part("database"));
        var broken = new IOException("port 7070 in use");
        assertThatThrownBy(() -> lifecycle.start("http", () -> {
            throw broken;
        })).isSameAs(broken);
        assertThat(story).containsExactly("start database", "close database");
        assertThat(lifecycle.awaitEnding()).isEqualTo(new Ending.Failed("http", broken));
        assertThatThrownBy(() -> lifecycle.start("sweeps", () -> part("sweeps"))).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("sweeps");
    }

    @Test
    void aPartThatDoesNotCloseKeepsNoOtherFromClosing() throws Exception {
        lifecycle.start("database", () -> part("database"));
        lifecycle.start("kafka", () -> () -> {
            throw new IOException("broker gone");
        });
        lifecycle.start("http", () -> part("http"));
        assertThatThrownBy(lifecycle::close).hasMessage("coordinator: kafka did not close").hasRootCauseMessage("broker gone");
        assertThat(story).containsExactly("start database", "start http", "close http", "close database");
    }

    @Test
    void theFirstReasonToEndCounts() throws Exception {
        lifecycle.fail("consumer", new IOException("lost"));
        lifecycle.requestStop();
        assertThat(lifecycle.awaitEnding()).isInstanceOfSatisfying(
                Ending.Failed.class,
                failed -> assertThat(failed.part()).isEqualTo("consumer"));
    }

    @Test
    void aPartThatStartsWhileAllCloseIsClosedToo() {
        assertThatThrownBy(() -> lifecycle.start("late", () -> {
            lifecycle.close();
            return part("late");
        })).isInstanceOf(IllegalStateException.class);
        assertThat(story).containsExactly("start late", "close late");
    }

    @Test
    void aLifecycleIsAPartOfAnother() throws Exception {
        var fleet = new Lifecycle("fleet");
        fleet.start("host-1", () -> {
            lifecycle.start("store", () -> part("store"));
            return lifecycle;
        });
        fleet.start("host-2", () -> part("host-2"));
        fleet.close();
        assertThat(story).containsExactly("start store", "start host-2", "close host-2", "close store");
    }
}
