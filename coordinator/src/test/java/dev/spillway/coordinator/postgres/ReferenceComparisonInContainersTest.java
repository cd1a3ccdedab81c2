package dev.spillway.coordinator.postgres;

import dev.spillway.testservers.InContainers;

@InContainers
class ReferenceComparisonInContainersTest extends ReferenceComparisonTest {
    /** Is no test here: the first seeds show whether another version of the server answers differently. */
    @Override
    void moreOfTheSameCommandsGetTheSameAnswers(long seed) {}
}
