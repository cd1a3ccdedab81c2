package dev.spillway.coordinator.postgres;

import dev.spillway.testservers.InContainers;

@InContainers
class MigrationsInContainersTest extends MigrationsTest {
    @Override
    int version() {
        return 17;
    }
}
