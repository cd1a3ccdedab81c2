-- The secret of the fleet, made by the first coordinator. The key of each host is made of it and of the host's id. Hosts and coordinators prove by these
-- keys who wrote a message on Kafka.
CREATE TABLE message_key (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    secret   bytea   NOT NULL CHECK (octet_length(secret) = 32)
);
