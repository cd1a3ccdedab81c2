package dev.spillway.dev.fleet;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Kill points name classes and methods by text, which no compiler checks. */
class KillPointTest {
    static Stream<KillPoint> points() {
        return Stream.of(KillPoint.ofCoordinator(), KillPoint.ofWorkers(), List.of(KillPoint.ofCoordinatorAtJoin())).flatMap(List::stream);
    }

    @ParameterizedTest
    @MethodSource("points")
    void aKillPointIsAMethodOfTheServices(KillPoint point) throws Exception {
        assertThat(Class.forName(point.type()).getDeclaredMethods()).extracting(Method::getName).contains(point.method());
    }

    @ParameterizedTest
    @MethodSource("points")
    void aKillPointIsDocumented(KillPoint point) throws IOException {
        assertThat(Files.readString(Path.of("..", "docs", "kill-points.md")))
                .contains("| " + point.what() + " | `" + point.place() + "` |");
    }
}
