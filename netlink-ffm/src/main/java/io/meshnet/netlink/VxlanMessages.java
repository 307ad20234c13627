package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.IFLA_INFO_DATA;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_INFO_KIND;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_LINKINFO;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_VXLAN_COLLECT_METADATA;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_VXLAN_GROUP;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_VXLAN_GROUP6;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_VXLAN_ID;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_VXLAN_LEARNING;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_VXLAN_LINK;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_VXLAN_LOCAL;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_VXLAN_LOCAL6;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_VXLAN_PORT;
import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_CREATE;
import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_EXCL;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_NEWLINK;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Optional;

/** The messages that make and change a vxlan (drivers/net/vxlan/vxlan_core.c), and what the kernel tells of one. */
final class VxlanMessages {

    static final String KIND = "vxlan";

    private VxlanMessages() {}

    /**
     * @throws IllegalArgumentException when the UDP port is 0, when a tunnel has no VNI, or when an
     *     external vxlan has one
     */
    static void requireComplete(NewLink link, Vxlan vxlan) {
        if (vxlan.port() == 0 || (vxlan.vni() == 0) != vxlan.external()) {
            throw new IllegalArgumentException("create vxlan " + link + ": UDP port " + vxlan.port() + " and VNI "
                    + vxlan.vni() + " start at 1; only an external vxlan has VNI 0, and no other");
        }
    }

    /**
     * {@code ip link add NAME netns POD type vxlan id VNI remote A local B dev UNDERLAY dstport PORT nolearning},
     * or {@code … type vxlan external dstport PORT nolearning}.
     */
    static void create(MessageWriter writer, NewLink link, Vxlan vxlan) {
        writer.change(RTM_NEWLINK(), NLM_F_CREATE() | NLM_F_EXCL()).ifinfomsg(link.ifindex());
        LinkMessages.attributes(writer, link);
        try (var _ = writer.nest(IFLA_LINKINFO())) {
            writer.text(IFLA_INFO_KIND(), KIND);
            try (var _ = writer.nest(IFLA_INFO_DATA())) {
                if (vxlan.external()) {
                    writer.u8(IFLA_VXLAN_COLLECT_METADATA(), 1);
                } else {
                    writer.u32(IFLA_VXLAN_ID(), vxlan.vni());
                }
                if (vxlan.remote().isPresent()) {
                    remote(writer, vxlan.remote().get());
                }
                if (vxlan.local().isPresent()) {
                    InetAddress local = vxlan.local().get();
                    writer.address(isIpv4(local) ? IFLA_VXLAN_LOCAL() : IFLA_VXLAN_LOCAL6(), local);
                }
                if (vxlan.underlay() != 0) {
                    writer.u32(IFLA_VXLAN_LINK(), vxlan.underlay());
                }
                writer.u8(IFLA_VXLAN_LEARNING(), vxlan.learning() ? 1 : 0);
                writer.be16(IFLA_VXLAN_PORT(), vxlan.port());
            }
        }
    }

    /** {@code ip link set NAME type vxlan id VNI remote A}: the kernel wants the VNI again, and leaves what is not said as it is. */
    static void remote(MessageWriter writer, int ifindex, int vni, InetAddress remote) {
        writer.change(RTM_NEWLINK(), 0).ifinfomsg(ifindex);
        try (var _ = writer.nest(IFLA_LINKINFO())) {
            writer.text(IFLA_INFO_KIND(), KIND);
            try (var _ = writer.nest(IFLA_INFO_DATA())) {
                writer.u32(IFLA_VXLAN_ID(), vni);
                remote(writer, remote);
            }
        }
    }

    private static void remote(MessageWriter writer, InetAddress remote) {
        writer.address(isIpv4(remote) ? IFLA_VXLAN_GROUP() : IFLA_VXLAN_GROUP6(), remote);
    }

    /** Its IFLA_INFO_DATA. */
    static Vxlan decode(AttributeReader data) {
        int vni = 0;
        int port = 0;
        int underlay = 0;
        boolean learning = false;
        boolean external = false;
        Optional<InetAddress> remote = Optional.empty();
        Optional<InetAddress> local = Optional.empty();
        while (data.next()) {
            int type = data.type();
            if (type == IFLA_VXLAN_ID()) {
                vni = data.u32() & 0xffffff;
            } else if (type == IFLA_VXLAN_GROUP() || type == IFLA_VXLAN_GROUP6()) {
                remote = Optional.of(data.address());
            } else if (type == IFLA_VXLAN_LOCAL() || type == IFLA_VXLAN_LOCAL6()) {
                local = Optional.of(data.address());
            } else if (type == IFLA_VXLAN_LINK()) {
                underlay = data.u32();
            } else if (type == IFLA_VXLAN_LEARNING()) {
                learning = data.u8() != 0;
            } else if (type == IFLA_VXLAN_PORT()) {
                port = data.be16();
            } else if (type == IFLA_VXLAN_COLLECT_METADATA()) {
                external = data.u8() != 0;
            }
        }
        try {
            return new Vxlan(vni, remote, local, port, underlay, learning, external);
        } catch (IllegalArgumentException e) {
            throw new MalformedMessageException("IFLA_INFO_DATA of a vxlan: " + e.getMessage());
        }
    }

    private static boolean isIpv4(InetAddress address) {
        return address instanceof Inet4Address;
    }
}
