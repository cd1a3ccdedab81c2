package dev.spillway.testservers;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Runs a test class, and what it inherits, against servers in containers: PostgreSQL 17 and Kafka's own image. Images are never pulled. Where no
 * engine has them, the class is skipped and says why, unless the environment variable {@code CONTAINER_TESTS} is {@code required}: then
 * it fails.
 */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("full")
@ExtendWith(ContainerEngine.class)
public @interface InContainers {}
