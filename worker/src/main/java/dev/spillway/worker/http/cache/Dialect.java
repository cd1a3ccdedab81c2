package dev.spillway.worker.http.cache;

import dev.spillway.api.ProblemException;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.InvalidValueException;
import dev.spillway.service.http.Request;
import dev.spillway.service.http.Response;
import dev.spillway.worker.host.artifact.HostArtifacts;
import dev.spillway.worker.http.ArtifactBody;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The way in which one build tool asks for artifacts. The default methods are those of plain HTTP. */
interface Dialect {
    /** Plain HTTP, as ccache, sccache, Gradle and Maven use it. */
    Dialect PLAIN = new Dialect() {};

    /** Returns whether an artifact in memory may be answered at once, without a look at other artifacts. */
    default boolean standsAlone() {
        return true;
    }

    /**
     * Finds an artifact, here or on another host.
     *
     * @param counted whether this is an access that counts in the figures and in the order of use
     */
    default HostArtifacts.Found find(HostArtifacts artifacts, EntryName name, boolean counted) throws IOException, InterruptedException {
        return counted ? artifacts.get(name, true) : artifacts.find(name, true, false);
    }

    /**
     * Checks the key of a put.
     *
     * @throws InvalidValueException if the tool uses that path for another purpose
     */
    default void requireKey(EntryName name) {}

    /** Returns whether a put never replaces an artifact that is here. */
    default boolean keepsFirst() {
        return false;
    }

    /** Returns the group that a put joins; null for none. Maven names the files of one build under one path. */
    default @Nullable GroupName group(EntryName name) {
        return MavenBuilds.groupOf(name);
    }

    /** Returns the description to keep with the content of a put. */
    default Description description(Request request) {
        return Description.NONE;
    }

    /**
     * Checks a content that was received and is not kept yet.
     *
     * @throws ProblemException if the content does not match its name
     */
    default void check(EntryName name, ContentDigest digest) {}

    /** Notes that a content was put, or was here already. */
    default void kept(HostArtifacts artifacts, EntryName name) throws IOException, InterruptedException {}

    /** Answers a read of an artifact that was found. */
    default Response found(Request request, HostArtifacts.Found.Served served) {
        return ArtifactBody.answer(request, served);
    }

    /**
     * Answers a put.
     *
     * @param isNew whether the content was kept; false if the same content was here already
     */
    default Response put(boolean isNew) {
        return Response.empty(isNew ? 201 : 200);
    }

    /** Returns the statuses of refusals. */
    default RefusalStatuses refusals() {
        return RefusalStatuses.PLAIN;
    }
}
