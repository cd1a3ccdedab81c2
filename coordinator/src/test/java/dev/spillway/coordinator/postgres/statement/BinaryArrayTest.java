package dev.spillway.coordinator.postgres.statement;

import dev.spillway.coordinator.postgres.PostgresRegistrySettings;
import dev.spillway.coordinator.postgres.TestDatabase;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class BinaryArrayTest {
    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    @ParameterizedTest
    @ValueSource(strings = {"", BinaryArray.TYPES})
    void arriveAsTheyAreInEitherFormat(String binary) throws SQLException {
        @Nullable
        UUID[] ids = {new UUID(1, 2), null, new UUID(-1, Long.MIN_VALUE)};
        @Nullable
        Instant[] times = {Instant.parse("2026-11-21T07:00:00.123456Z"), Instant.parse("1969-12-31T23:59:59.999999Z"), null};
        assertThat(sent(binary, BinaryArray.of(ids), UUID.class)).containsExactly(ids);
        assertThat(
                sent(binary, BinaryArray.of(times), OffsetDateTime.class)
                        .stream()
                        .map(time -> time == null ? null : time.toInstant())
                        .toList())
                .containsExactly(times);
        assertThat(sent(binary, BinaryArray.of(new UUID[0]), UUID.class)).isEmpty();
    }

    private static <T> List<@Nullable T> sent(String binary, BinaryArray array, Class<T> type) throws SQLException {
        PostgresRegistrySettings settings = DATABASE.settings();
        Properties properties = new Properties();
        properties.setProperty("user", settings.user());
        properties.setProperty("password", settings.password());
        properties.setProperty("binaryTransferEnable", binary);
        List<@Nullable T> received = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection(settings.url(), properties);
                PreparedStatement statement = connection.prepareStatement("SELECT * FROM unnest(?)")) {
            statement.setObject(1, array);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    received.add(rows.getObject(1, type));
                }
            }
        }
        return received;
    }
}
