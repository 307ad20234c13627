package io.meshnet.bpf;

/**
 * What a program finds in its {@code struct __sk_buff} in a test run, as far as the kernel lets it be set (convert___skb_to_skb in
 * net/bpf/test_run.c).
 *
 * @param ifindex the device that the frame comes in by; it exists in the namespace of the calling thread. 0 for the loopback device
 * @param mark the mark of the frame
 * @param gsoSize payload of each segment, in bytes; 0 for a frame without segments
 * @param gsoSegments number of segments
 * @param wireLength the length of all segments with their headers, at least the length of the
 *     frame; 0 for that length
 */
public record TestContext(int ifindex, int mark, int gsoSize, int gsoSegments, int wireLength) {

    /** A frame without segments that comes in by a device. */
    public static TestContext on(int ifindex) {
        return new TestContext(ifindex, 0, 0, 0, 0);
    }

    /** A copy with segments of that payload. */
    public TestContext segmented(int size, int segments) {
        return new TestContext(ifindex, mark, size, segments, wireLength);
    }
}
