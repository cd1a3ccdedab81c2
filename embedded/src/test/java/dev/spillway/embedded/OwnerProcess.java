package dev.spillway.embedded;

import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;

/** Runs both servers until it is terminated, and uses both once more before it closes them. */
final class OwnerProcess {
    private OwnerProcess() {}

    public static void main(String[] arguments) throws Exception {
        EmbeddedServers servers = EmbeddedServers.start(PostgresSettings.temporary(), EmbeddedKafkaSettings.temporary());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(servers)));
        System.out.println("directory " + servers.postgres().directory());
        System.out.println("directory " + servers.kafka().directory());
        System.out.println("postmaster " + servers.postgres().pid());
        System.out.println("ready now");
        new CountDownLatch(1).await(10, TimeUnit.MINUTES);
    }

    private static void stop(EmbeddedServers servers) {
        try (servers; Admin admin = Clients.admin(servers.kafka())) {
            if (Clients.ask(servers.postgres(), "SELECT 1").equals("1")) {
                System.out.println("hook PostgreSQL answers");
            }
            if (admin.describeCluster().nodes().get().size() == 1) {
                System.out.println("hook Kafka answers");
            }
        } catch (SQLException | InterruptedException | ExecutionException e) {
            System.out.println("hook failed " + e);
        }
        System.out.println("hook closed");
    }
}
