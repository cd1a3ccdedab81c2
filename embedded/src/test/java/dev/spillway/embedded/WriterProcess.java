package dev.spillway.embedded;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Runs both servers and writes to both until it is killed, printing each number once the server has acknowledged it.
 * With a directory both keep their data there, without one they are temporary.
 */
final class WriterProcess {
    private WriterProcess() {}

    public static void main(String[] arguments) throws Exception {
        PostgresSettings postgres =
                arguments.length == 0 ? PostgresSettings.temporary() : PostgresSettings.keptIn(Path.of(arguments[0], "postgres"));
        EmbeddedKafkaSettings kafka =
                arguments.length == 0 ? EmbeddedKafkaSettings.temporary() : EmbeddedKafkaSettings.keptIn(Path.of(arguments[0], "kafka"));
        try (EmbeddedServers servers = EmbeddedServers.start(postgres, kafka);
                Connection connection = Clients.connect(servers.postgres());
                Statement statement = connection.createStatement();
                KafkaProducer<String, String> producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", servers.kafka().bootstrapServers(), "acks", "all"),
                        new StringSerializer(),
                        new StringSerializer())) {
            Clients.createTopic(servers.kafka(), "numbers", 1);
            statement.execute("CREATE TABLE numbers (n bigint PRIMARY KEY)");
            System.out.println("directory " + servers.postgres().directory());
            System.out.println("directory " + servers.kafka().directory());
            System.out.println("postmaster " + servers.postgres().pid());
            try (PreparedStatement insert = connection.prepareStatement("INSERT INTO numbers VALUES (?)")) {
                long deadline = System.nanoTime() + Duration.ofMinutes(10).toNanos();
                for (long n = 0; System.nanoTime() < deadline; n++) {
                    insert.setLong(1, n);
                    insert.executeUpdate();
                    System.out.println("row " + n);
                    producer.send(new ProducerRecord<>("numbers", Long.toString(n))).get();
                    System.out.println("record " + n);
                }
            }
        }
    }
}
