package io.meshnet.bpf;

/**
 * The fields of {@code struct __sk_buff} that the caller of a test run chooses
 * (convert___skb_to_skb in net/bpf/test_run.c).
 *
 * @param ifindex the device that receives the frame, in the namespace of the calling thread; 0 for
 *     the loopback device
 * @param mark the mark of the frame
 * @param gsoSize the payload of each segment of a GSO frame, in bytes; 0 for any other frame
 * @param gsoSegments the number of segments
 * @param wireLength the length of all segments with their headers, at least that of the frame; 0
 *     for the length of the frame
 */
public record TestContext(int ifindex, int mark, int gsoSize, int gsoSegments, int wireLength) {

    /** A frame that a device receives, and no GSO frame. */
    public static TestContext on(int ifindex) {
        return new TestContext(ifindex, 0, 0, 0, 0);
    }

    /** A copy that is a GSO frame. */
    public TestContext segmented(int size, int segments) {
        return new TestContext(ifindex, mark, size, segments, wireLength);
    }
}
