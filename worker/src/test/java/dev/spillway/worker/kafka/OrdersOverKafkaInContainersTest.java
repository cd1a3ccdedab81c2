package dev.spillway.worker.kafka;

import dev.spillway.testservers.InContainers;

@InContainers
class OrdersOverKafkaInContainersTest extends OrdersOverKafkaTest {}
