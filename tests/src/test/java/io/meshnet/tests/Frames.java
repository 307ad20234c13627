package io.meshnet.tests;

/** Single frames and packets that tell what passes: pings of a length, and broadcast frames of the tests' own ethertype. */
final class Frames {

    /** The headers of IPv4 and of an echo request. */
    private static final int PING_HEADERS = 20 + 8;

    private Frames() {}

    /** Whether an address answers a packet of that many bytes that must not be fragmented. */
    static boolean passes(String netns, String address, int bytes) {
        return pings(netns, "-M", "do", "-s", Integer.toString(bytes - PING_HEADERS), address);
    }

    /** Whether an address answers what leaves by an interface. */
    static boolean passesThrough(String netns, String ifname, String address) {
        return pings(netns, "-I", ifname, address);
    }

    private static boolean pings(String netns, String... arguments) {
        return Command.of("ping", "-n", "-c", "1", "-W", "1")
                        .and(arguments)
                        .inside(netns)
                        .run()
                        .status()
                == 0;
    }

    /** Sends a frame with a text out of an interface. */
    static void send(String netns, String ifname, String text) {
        Program.INJECT.command("frame", ifname, text).inside(netns).output();
    }

    /** Sends a frame with a text to a host, in a vxlan packet of a VNI. */
    static void sendVxlan(String netns, String address, int vni, String text) {
        Program.INJECT
                .command("vxlan", address, Integer.toString(vni), text)
                .inside(netns)
                .output();
    }
}
