package io.meshnet.bpf;

/**
 * What a program finds in its {@code struct __sk_buff} in a test run, as far as the kernel lets it be set (convert___skb_to_skb in
 * net/bpf/test_run.c).
 *
 * @param ifindex the device that the frame comes in by; it exists in the namespace of the calling thread. 0 for the loopback device
 * @param mark the mark of the frame
 * @param gsoSize payload bytes of each frame that this one stands for; 0 for a frame that stands for itself
 * @param gsoSegments how many frames it stands for
 * @param wireLength the length with all headers of all frames it stands for, at least the length of the frame; 0 for that length
 */
public record TestContext(int ifindex, int mark, int gsoSize, int gsoSegments, int wireLength) {

    /** A frame that comes in by a device and stands for itself. */
    public static TestContext on(int ifindex) {
        return new TestContext(ifindex, 0, 0, 0, 0);
    }

    /** The same frame, standing for several with as many bytes of payload each. */
    public TestContext segmented(int size, int segments) {
        return new TestContext(ifindex, mark, size, segments, wireLength);
    }
}
