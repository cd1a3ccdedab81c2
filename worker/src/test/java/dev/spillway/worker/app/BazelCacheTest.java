package dev.spillway.worker.app;

import com.google.protobuf.CodedOutputStream;
import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** Action results and their blobs, as Bazel keeps them. */
@Timeout(300)
class BazelCacheTest extends CacheOfBuilds {
    private static final String RESULT = "ac/" + "a1".repeat(32);

    @FunctionalInterface
    private interface Fields {
        void writeTo(CodedOutputStream out) throws IOException;
    }

    private static byte[] message(Fields fields) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            CodedOutputStream out = CodedOutputStream.newInstance(bytes);
            fields.writeTo(out);
            out.flush();
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] digest(byte[] content) {
        return message(out -> {
            out.writeString(1, sha256(content));
            out.writeInt64(2, content.length);
        });
    }

    private static byte[] file(byte[] content) {
        return message(out -> {
            out.writeString(1, "a name");
            out.writeByteArray(2, digest(content));
        });
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private int put(String path, byte[] content) throws Exception {
        return worker.client.send(
                HttpRequest.newBuilder(worker.uri(CACHE + path)).PUT(BodyPublishers.ofByteArray(content)).build(),
                BodyHandlers.discarding()).statusCode();
    }

    private String blob(String content) throws Exception {
        return blob(bytes(content));
    }

    private String blob(byte[] content) throws Exception {
        String path = "cas/" + sha256(content);
        assertThat(put(path, content)).isEqualTo(201);
        return path;
    }

    private int result(String method) throws Exception {
        return status(method, CACHE + RESULT, "");
    }

    @Test
    void aBlobIsWhatItsPathSays() throws Exception {
        assertThat(put("cas/" + sha256("one"), bytes("other"))).isEqualTo(422);
        assertThat(status("GET", CACHE + "cas/" + sha256("one"), "")).isEqualTo(404);
        assertThat(send("GET", CACHE + blob("one"), "").body()).isEqualTo("one");
    }

    @Test
    void aResultIsAHitOnlyWithEachOfItsBlobs() throws Exception {
        byte[] tree = message(out -> {
            out.writeByteArray(1, message(root -> root.writeByteArray(1, file(bytes("in the root")))));
            out.writeByteArray(2, message(child -> child.writeByteArray(1, file(bytes("in a child")))));
        });
        byte[] result = message(out -> {
            out.writeByteArray(2, file(bytes("output")));
            out.writeByteArray(2, file(new byte[0]));
            out.writeByteArray(2, message(inline -> {
                inline.writeByteArray(2, digest(bytes("inline")));
                inline.writeByteArray(5, bytes("inline"));
            }));
            out.writeByteArray(3, message(directory -> {
                directory.writeString(1, "a directory");
                directory.writeByteArray(3, digest(tree));
            }));
            out.writeInt32(4, 0);
            out.writeByteArray(6, digest(bytes("stdout")));
            out.writeByteArray(8, digest(bytes("stderr")));
        });
        List<byte[]> parts = List.of(bytes("output"), tree, bytes("in the root"), bytes("in a child"), bytes("stdout"), bytes("stderr"));
        assertThat(put(RESULT, result)).isEqualTo(201);
        for (byte[] part : parts) {
            assertThat(result("GET")).isEqualTo(404);
            assertThat(result("HEAD")).isEqualTo(404);
            blob(part);
        }
        assertThat(result("GET")).isEqualTo(200);
        assertThat(result("HEAD")).isEqualTo(200);
        for (byte[] part : parts) {
            String path = CACHE + "cas/" + sha256(part);
            assertThat(status("DELETE", path, "")).isEqualTo(204);
            assertThat(result("GET")).as(new String(part, StandardCharsets.UTF_8)).isEqualTo(404);
            blob(part);
            assertThat(result("GET")).isEqualTo(200);
        }
    }

    @Test
    void aTreeThatCannotBeReadIsNoHit() throws Exception {
        byte[] notATree = bytes("\nnot a tree");
        blob(notATree);
        assertThat(put(RESULT, message(out -> out.writeByteArray(3, message(directory -> directory.writeByteArray(3, digest(notATree)))))))
                .isEqualTo(201);
        assertThat(result("GET")).isEqualTo(404);
    }

    /** Ccache has a layout of these names. Its contents begin so. */
    @Test
    void whatIsNoActionResultIsGivenBackAsItIs() throws Exception {
        assertThat(put(RESULT, bytes("cCrS and more"))).isEqualTo(201);
        assertThat(send("GET", CACHE + RESULT, "").body()).isEqualTo("cCrS and more");
    }

    /** The blobs come before the result, and the registry may not know them yet. */
    @Test
    void aResultAndItsBlobsAreOneGroup() throws Exception {
        String first = blob("first");
        byte[] tree = message(out -> out.writeByteArray(1, message(root -> root.writeByteArray(1, file(bytes("in the tree"))))));
        String second = blob(tree);
        String third = blob("in the tree");
        put(RESULT, message(out -> {
            out.writeByteArray(2, file(bytes("first")));
            out.writeByteArray(3, message(directory -> directory.writeByteArray(3, digest(tree))));
        }));
        GroupName group = new GroupName(RESULT);
        for (String path : List.of(RESULT, first, second, third)) {
            eventually(() -> registry.group(name(path)).equals(Optional.of(group)));
        }
    }

    @Test
    void aHitUsesTheResultBeforeItsBlobs() throws Exception {
        String first = blob("first");
        String second = blob("second");
        put(RESULT, message(out -> {
            out.writeByteArray(2, file(bytes("first")));
            out.writeByteArray(2, file(bytes("second")));
        }));
        eventually(() -> registry.entry(name(RESULT)).isPresent() && registry.entry(name(second)).isPresent());
        assertThat(result("GET")).isEqualTo(200);
        List<EntryName> expected = List.of(name(RESULT), name(first), name(second));
        eventually(() -> Collections.indexOfSubList(registry.touched(), expected) >= 0);
    }
}
