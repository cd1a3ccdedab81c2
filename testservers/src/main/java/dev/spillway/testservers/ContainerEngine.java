package dev.spillway.testservers;

import com.github.dockerjava.api.exception.NotFoundException;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.testcontainers.DockerClientFactory;

/** Checks once whether a container engine has the images, and skips or fails the test class if not. */
final class ContainerEngine implements ExecutionCondition {
    static final String POSTGRES = "postgres:17";
    static final String KAFKA = "apache/kafka:4.3.1";

    private static final class Obstacle {
        static final Optional<String> FOUND = find();

        private static Optional<String> find() {
            DockerClientFactory docker = DockerClientFactory.instance();
            return docker.isDockerAvailable() ? Stream.of(POSTGRES, KAFKA)
                    .filter(image -> !has(docker, image))
                    .findFirst()
                    .map(image -> "the container engine has no image " + image) : Optional.of("no container engine answers");
        }

        private static boolean has(DockerClientFactory docker, String image) {
            try {
                docker.client().inspectImageCmd(image).exec();
                return true;
            } catch (NotFoundException e) {
                return false;
            }
        }
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        Optional<String> obstacle = Obstacle.FOUND;
        if (obstacle.isEmpty()) {
            return ConditionEvaluationResult.enabled("the container engine has the images");
        }
        if ("required".equals(System.getenv("CONTAINER_TESTS"))) {
            throw new IllegalStateException(obstacle.get() + ", and CONTAINER_TESTS is required");
        }
        return ConditionEvaluationResult.disabled(obstacle.get());
    }
}
