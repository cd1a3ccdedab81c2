package dev.spillway.testservers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Settings of an embedded broker and its clients for SASL over TLS.
 *
 * @param broker properties of the broker
 * @param client properties file for its clients
 */
public record SecuredKafka(Map<String, String> broker, Path client) {
    private static final String LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\" password=\"%s\"";

    /**
     * Makes the files of a broker that knows one client.
     *
     * @param password of that client
     */
    public static SecuredKafka in(Path folder, String password) throws IOException, InterruptedException {
        Certificate certificate = Certificate.make(folder, "kafka");
        Path both = folder.resolve("kafka.pem");
        Files.writeString(both, Files.readString(certificate.key()) + Files.readString(certificate.certificate()));
        return new SecuredKafka(
                Map.of(
                        "listener.security.protocol.map",
                        "PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT",
                        "inter.broker.listener.name",
                        "PLAINTEXT",
                        "sasl.enabled.mechanisms",
                        "PLAIN",
                        "sasl.mechanism.inter.broker.protocol",
                        "PLAIN",
                        "listener.name.plaintext.plain.sasl.jaas.config",
                        LOGIN.formatted("broker", "broker") + " user_broker=\"broker\" user_spillway=\"" + password + "\";",
                        "ssl.keystore.type",
                        "PEM",
                        "ssl.keystore.location",
                        both.toString(),
                        "ssl.truststore.type",
                        "PEM",
                        "ssl.truststore.location",
                        certificate.certificate().toString()),
                client(folder, certificate, password));
    }

    /** Returns the properties file of a client with another password. */
    public Path withPassword(Path folder, String password) throws IOException {
        return Files.writeString(
                folder.resolve("other.properties"),
                Files.readString(client).replaceAll("password=\"[^\"]*\"", "password=\"" + password + "\""));
    }

    private static Path client(Path folder, Certificate certificate, String password) throws IOException {
        return Files.writeString(folder.resolve("client.properties"), """
                security.protocol=SASL_SSL
                sasl.mechanism=PLAIN
                sasl.jaas.config=%s;
                ssl.truststore.type=PEM
                ssl.truststore.location=%s
                """.formatted(LOGIN.formatted("spillway", password), certificate.certificate()));
    }
}
