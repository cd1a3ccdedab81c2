package dev.spillway.coordinator.kafka;

import dev.spillway.testservers.InContainers;

@InContainers
class RegistryOverKafkaInContainersTest extends RegistryOverKafkaTest {}
