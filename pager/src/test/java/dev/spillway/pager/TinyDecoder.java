package dev.spillway.pager;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A miniature transformer decoder: RMS norms, rotary positions, grouped-query attention and a gated feed-forward network, with random weights of a seed.
 * Its attention reads keys and values through a pager alone. All arithmetic is in one fixed order, so equal inputs give equal bits.
 */
public final class TinyDecoder {
    static final int VOCABULARY = 61;
    private static final int LAYERS = 3;
    private static final int HEADS = 4;
    private static final int KV_HEADS = 2;
    private static final int HEAD_DIM = 8;
    private static final int WIDTH = HEADS * HEAD_DIM;
    private static final int HIDDEN = 48;

    private final float[][] embedding;
    private final Layer[] layers = new Layer[LAYERS];
    private final PageShape shape;

    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    private record Layer(float[][] query, float[][] key, float[][] value, float[][] out, float[][] gate, float[][] up, float[][] down) {}

    /** @param shape of the pages that it uses, as {@link #shape} makes it */
    public TinyDecoder(long seed, PageShape shape) {
        Random random = new Random(seed);
        this.shape = shape;
        embedding = matrix(random, VOCABULARY, WIDTH);
        for (int at = 0; at < LAYERS; at++) {
            layers[at] = new Layer(
                    matrix(random, WIDTH, WIDTH),
                    matrix(random, KV_HEADS * HEAD_DIM, WIDTH),
                    matrix(random, KV_HEADS * HEAD_DIM, WIDTH),
                    matrix(random, WIDTH, WIDTH),
                    matrix(random, HIDDEN, WIDTH),
                    matrix(random, HIDDEN, WIDTH),
                    matrix(random, WIDTH, HIDDEN));
        }
    }

    /** Returns the shape of this model's pages in a layout. */
    public static PageShape shape(ElementType elements, DimensionOrder order, KeysAndValues places) {
        return new PageShape(4, LAYERS, KV_HEADS, HEAD_DIM, elements, order, places);
    }

    private static float[][] matrix(Random random, int rows, int columns) {
        float[][] matrix = new float[rows][columns];
        for (float[] row : matrix) {
            for (int at = 0; at < columns; at++) {
                row[at] = (float) (random.nextGaussian() / Math.sqrt(columns));
            }
        }
        return matrix;
    }

    /** Decodes one token of a sequence and returns the logits of the next. */
    public float[] step(CachePager pager, String id, int token) throws InterruptedException {
        LogicalSequence sequence =
                pager.sequences().stream().filter(one -> one.id().equals(id)).findFirst().orElse(new LogicalSequence(id, List.of(), 0));
        int fill = sequence.lastPageTokens();
        int position = sequence.pages().size() * shape.tokens() - (fill == 0 ? 0 : shape.tokens() - fill);
        List<Integer> pages = new ArrayList<>(sequence.pages());
        if (fill == 0) {
            pages.add(pager.allocatePages(1).getFirst());
            pager.installSequences(List.of(new LogicalSequence(id, pages, 1)));
        } else {
            pages.set(pages.size() - 1, pager.ownPage(id, pages.size() - 1));
            pager.installSequences(List.of(new LogicalSequence(id, pages, (fill + 1) % shape.tokens())));
        }
        List<ByteBuffer> contents =
                pages.stream().map(page -> CachePagerContract.read(pager, page).order(ByteOrder.LITTLE_ENDIAN)).toList();
        float[] x = embedding[token].clone();
        for (int at = 0; at < LAYERS; at++) {
            attend(layers[at], at, x, position, contents);
            feed(layers[at], x);
        }
        pager.writePage(pages.getLast(), contents.getLast());
        return times(embedding, normal(x));
    }

    private void attend(Layer layer, int number, float[] x, int position, List<ByteBuffer> pages) {
        float[] normal = normal(x);
        float[] query = times(layer.query(), normal);
        float[] key = times(layer.key(), normal);
        float[] value = times(layer.value(), normal);
        for (int head = 0; head < KV_HEADS; head++) {
            rotate(key, head, position);
            for (int at = 0; at < HEAD_DIM; at++) {
                put(pages, number, position, head, at, 0, key[head * HEAD_DIM + at]);
                if (shape.keysAndValues() != KeysAndValues.ONE) {
                    put(pages, number, position, head, at, 1, value[head * HEAD_DIM + at]);
                }
            }
        }
        float[] attended = new float[WIDTH];
        for (int head = 0; head < HEADS; head++) {
            rotate(query, head, position);
            attendHead(number, head, query, position, pages, attended);
        }
        add(x, times(layer.out(), attended));
    }

    private void attendHead(int layer, int head, float[] query, int position, List<ByteBuffer> pages, float[] attended) {
        int kvHead = head * KV_HEADS / HEADS;
        double[] weights = new double[position + 1];
        double most = Double.NEGATIVE_INFINITY;
        for (int token = 0; token <= position; token++) {
            double score = 0;
            for (int at = 0; at < HEAD_DIM; at++) {
                score += query[head * HEAD_DIM + at] * get(pages, layer, token, kvHead, at, 0);
            }
            weights[token] = score / Math.sqrt(HEAD_DIM);
            most = Math.max(most, weights[token]);
        }
        double sum = 0;
        for (int token = 0; token <= position; token++) {
            weights[token] = StrictMath.exp(weights[token] - most);
            sum += weights[token];
        }
        for (int token = 0; token <= position; token++) {
            for (int at = 0; at < HEAD_DIM; at++) {
                int part = shape.keysAndValues() == KeysAndValues.ONE ? 0 : 1;
                attended[head * HEAD_DIM + at] += (float) (weights[token] / sum * get(pages, layer, token, kvHead, at, part));
            }
        }
    }

    private static void feed(Layer layer, float[] x) {
        float[] normal = normal(x);
        float[] gate = times(layer.gate(), normal);
        float[] up = times(layer.up(), normal);
        for (int at = 0; at < HIDDEN; at++) {
            up[at] *= (float) (gate[at] / (1 + StrictMath.exp(-gate[at])));
        }
        add(x, times(layer.down(), up));
    }

    private static void rotate(float[] vector, int head, int position) {
        for (int at = 0; at < HEAD_DIM; at += 2) {
            double angle = position / StrictMath.pow(10_000, (double) at / HEAD_DIM);
            int here = head * HEAD_DIM + at;
            float even = vector[here];
            float odd = vector[here + 1];
            vector[here] = (float) (even * StrictMath.cos(angle) - odd * StrictMath.sin(angle));
            vector[here + 1] = (float) (even * StrictMath.sin(angle) + odd * StrictMath.cos(angle));
        }
    }

    private static float[] normal(float[] x) {
        double squares = 0;
        for (float one : x) {
            squares += (double) one * one;
        }
        float scale = (float) (1 / Math.sqrt(squares / x.length + 1e-6));
        float[] normal = new float[x.length];
        for (int at = 0; at < x.length; at++) {
            normal[at] = x[at] * scale;
        }
        return normal;
    }

    private static float[] times(float[][] matrix, float[] vector) {
        float[] product = new float[matrix.length];
        for (int row = 0; row < matrix.length; row++) {
            float sum = 0;
            for (int at = 0; at < vector.length; at++) {
                sum += matrix[row][at] * vector[at];
            }
            product[row] = sum;
        }
        return product;
    }

    private static void add(float[] x, float[] more) {
        for (int at = 0; at < x.length; at++) {
            x[at] += more[at];
        }
    }

    /** Returns the place of an element within its page, as the layout says. */
    private int element(int layer, int token, int head, int at, int part) {
        int tokens = shape.tokens();
        int inner = shape.order() == DimensionOrder.NHD ? token * KV_HEADS + head : head * tokens + token;
        int inLayer = tokens * KV_HEADS;
        return switch (shape.keysAndValues()) {
            case SEPARATE -> ((part * LAYERS + layer) * inLayer + inner) * HEAD_DIM + at;
            case PACKED -> (layer * inLayer + inner) * 2 * HEAD_DIM + part * HEAD_DIM + at;
            case ONE -> (layer * inLayer + inner) * HEAD_DIM + at;
        };
    }

    private float get(List<ByteBuffer> pages, int layer, int position, int head, int at, int part) {
        ByteBuffer page = pages.get(position / shape.tokens());
        int element = element(layer, position % shape.tokens(), head, at, part);
        return switch (shape.elements()) {
            case F32 -> page.getFloat(element * 4);
            case F16 -> Float.float16ToFloat(page.getShort(element * 2));
            case BF16 -> Float.intBitsToFloat(page.getShort(element * 2) << 16);
            case F8_E4M3 -> ofE4m3(page.get(element));
        };
    }

    private void put(List<ByteBuffer> pages, int layer, int position, int head, int at, int part, float value) {
        ByteBuffer page = pages.get(position / shape.tokens());
        int element = element(layer, position % shape.tokens(), head, at, part);
        switch (shape.elements()) {
            case F32 -> page.putFloat(element * 4, value);
            case F16 -> page.putShort(element * 2, Float.floatToFloat16(value));
            case BF16 -> page.putShort(element * 2, (short) (Float.floatToRawIntBits(value) + 0x8000 >>> 16));
            case F8_E4M3 -> page.put(element, toE4m3(value));
        }
    }

    private static float ofE4m3(byte bits) {
        int exponent = bits >> 3 & 15;
        int mantissa = bits & 7;
        float size = exponent == 0 ? mantissa / 512f : (1 + mantissa / 8f) * (float) Math.pow(2, exponent - 7);
        return bits < 0 ? -size : size;
    }

    private static byte toE4m3(float value) {
        byte nearest = 0;
        for (int bits = 0; bits < 127; bits++) {
            if (Math.abs(ofE4m3((byte) bits) - Math.abs(value)) < Math.abs(ofE4m3(nearest) - Math.abs(value))) {
                nearest = (byte) bits;
            }
        }
        return value < 0 ? (byte) (nearest | 128) : nearest;
    }
}
