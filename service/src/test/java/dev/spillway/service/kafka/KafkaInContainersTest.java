package dev.spillway.service.kafka;

import dev.spillway.testservers.InContainers;

@InContainers
class KafkaInContainersTest extends KafkaTest {}
