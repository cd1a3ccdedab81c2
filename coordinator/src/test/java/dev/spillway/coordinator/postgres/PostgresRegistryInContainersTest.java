package dev.spillway.coordinator.postgres;

import dev.spillway.testservers.InContainers;

@InContainers
class PostgresRegistryInContainersTest extends PostgresRegistryTest {}
