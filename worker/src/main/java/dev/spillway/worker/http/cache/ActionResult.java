package dev.spillway.worker.http.cache;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * The blobs that an action result of Bazel's Remote Execution API 2 names. Reads the few fields that name one, and skips all others.
 *
 * @param blobs hashes of output files, and of standard output and standard error
 * @param trees hashes of trees of output directories; each is a blob that names further blobs
 */
record ActionResult(List<String> blobs, List<String> trees) {
    private static final int OUTPUT_FILES = 2;
    private static final int OUTPUT_DIRECTORIES = 3;
    private static final int STDOUT_DIGEST = 6;
    private static final int STDERR_DIGEST = 8;
    private static final int FILE_DIGEST = 2;
    private static final int FILE_CONTENTS = 5;
    private static final int DIRECTORY_TREE_DIGEST = 3;
    private static final int TREE_ROOT = 1;
    private static final int TREE_CHILDREN = 2;
    private static final int DIRECTORY_FILES = 1;
    private static final int HASH_TAG = 1 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
    private static final int SIZE_TAG = 2 << 3 | WireFormat.WIRETYPE_VARINT;

    /** Reads the value of one field, or returns false to skip it. */
    @FunctionalInterface
    private interface Field {
        boolean read(int number, CodedInputStream in) throws IOException;
    }

    /** @throws IOException if this is no action result */
    static ActionResult parse(InputStream content) throws IOException {
        List<String> blobs = new ArrayList<>();
        List<String> trees = new ArrayList<>();
        fields(CodedInputStream.newInstance(content), (number, in) -> {
            switch (number) {
                case OUTPUT_FILES -> outputFile(in, blobs);
                case OUTPUT_DIRECTORIES -> message(in, (field, directory) -> field == DIRECTORY_TREE_DIGEST && digest(directory, trees));
                case STDOUT_DIGEST, STDERR_DIGEST -> digest(in, blobs);
                default -> {
                    return false;
                }
            }
            return true;
        });
        return new ActionResult(blobs, trees);
    }

    /**
     * Returns the hashes of the files of a tree.
     *
     * @throws IOException if this is no tree
     */
    static List<String> filesOfTree(InputStream content) throws IOException {
        List<String> files = new ArrayList<>();
        fields(CodedInputStream.newInstance(content), (number, in) -> {
            if (number != TREE_ROOT && number != TREE_CHILDREN) {
                return false;
            }
            return message(
                    in,
                    (field, directory) -> field == DIRECTORY_FILES
                            && message(directory, (ofFile, file) -> ofFile == FILE_DIGEST && digest(file, files)));
        });
        return files;
    }

    /** Adds the blob of an output file, unless the result itself has the file's content. */
    private static void outputFile(CodedInputStream in, List<String> blobs) throws IOException {
        List<String> named = new ArrayList<>();
        boolean[] inline = new boolean[1];
        message(in, (field, file) -> {
            if (field == FILE_CONTENTS) {
                inline[0] |= file.readByteArray().length > 0;
                return true;
            }
            return field == FILE_DIGEST && digest(file, named);
        });
        if (!inline[0]) {
            blobs.addAll(named);
        }
    }

    /** Adds the hash of a digest, except that of the empty blob, which clients never send. */
    private static boolean digest(CodedInputStream in, List<String> hashes) throws IOException {
        String hash = "";
        long size = 0;
        int limit = in.pushLimit(in.readRawVarint32());
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (tag == HASH_TAG) {
                hash = in.readStringRequireUtf8();
            } else if (tag == SIZE_TAG) {
                size = in.readInt64();
            } else if (!in.skipField(tag)) {
                throw new IOException("group: ended without its begin");
            }
        }
        in.popLimit(limit);
        if (size != 0) {
            if (!Bazel.isHash(hash)) {
                throw new IOException("digest: not a SHA-256 (expected: 64 lower-case hexadecimal digits)");
            }
            hashes.add(hash);
        }
        return true;
    }

    private static boolean message(CodedInputStream in, Field field) throws IOException {
        int limit = in.pushLimit(in.readRawVarint32());
        fields(in, field);
        in.popLimit(limit);
        return true;
    }

    private static void fields(CodedInputStream in, Field field) throws IOException {
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            boolean isRead = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED
                    && field.read(WireFormat.getTagFieldNumber(tag), in);
            if (!isRead && !in.skipField(tag)) {
                throw new IOException("group: ended without its begin");
            }
        }
    }
}
