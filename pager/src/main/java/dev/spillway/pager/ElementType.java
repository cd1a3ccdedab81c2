package dev.spillway.pager;

/** Types of the elements of keys and values, by their names in safetensors. */
public enum ElementType {
    BF16(2), F16(2), F32(4), F8_E4M3(1);

    private final int bytes;

    ElementType(int bytes) {
        this.bytes = bytes;
    }

    /** Returns the bytes of one element. */
    public int bytes() {
        return bytes;
    }
}
