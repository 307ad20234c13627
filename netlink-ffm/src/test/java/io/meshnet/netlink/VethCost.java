package io.meshnet.netlink;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;

/** Measures, for somebody who looks, what a veth and its two addresses cost; asserts nothing. Needs root. */
final class VethCost {

    private static final int LINKS = 1000;

    private VethCost() {}

    public static void main(String[] arguments) throws Exception {
        try (TestNetns node = TestNetns.create();
                TestNetns a = TestNetns.create();
                TestNetns b = TestNetns.create()) {
            measure("without alias", node, a, b, "", 0);
            measure("with alias", node, a, b, "pod1/eth1", LINKS);
        }
    }

    private static void measure(String what, TestNetns node, TestNetns a, TestNetns b, String alias, int base)
            throws Exception {
        long[] creating = new long[LINKS];
        long[] raising = new long[LINKS];
        for (int i = 0; i < LINKS; i++) {
            int ifindex = 100_000 + base + i;
            String name = "v" + (base + i);
            NewLink near =
                    new NewLink(a.netns(), name, ifindex, 1450, new MacAddress(0x020000000000L + ifindex), 77, alias);
            NewLink far =
                    new NewLink(b.netns(), name, ifindex, 1450, new MacAddress(0x020100000000L + ifindex), 77, alias);
            List<InterfaceAddress> nearAddress = List.of(address(10, i, 1));
            List<InterfaceAddress> farAddress = List.of(address(10, i, 2));
            long start = System.nanoTime();
            node.links().createVeth(near, far);
            long created = System.nanoTime();
            a.links().raise(ifindex, nearAddress);
            b.links().raise(ifindex, farAddress);
            creating[i] = created - start;
            raising[i] = System.nanoTime() - created;
        }
        report(what + ", create", creating);
        report(what + ", raise both ends", raising);
        a.links().deleteGroup(77);
    }

    private static InterfaceAddress address(int first, int link, int host) throws Exception {
        byte[] octets = {(byte) first, (byte) (link >> 6), (byte) (link << 2 >> 8), (byte) ((link << 2) + host)};
        return new InterfaceAddress(InetAddress.getByAddress(octets), 30);
    }

    private static void report(String what, long[] nanos) {
        long[] warm = Arrays.copyOfRange(nanos, LINKS / 2, LINKS);
        Arrays.sort(warm);
        System.out.printf(
                "%s: first %.2f ms, then p50 %.3f ms, p99 %.3f ms%n",
                what, nanos[0] / 1e6, warm[warm.length / 2] / 1e6, warm[warm.length * 99 / 100] / 1e6);
    }
}
