package io.meshnet.netlink;

import static io.meshnet.netlink.ScriptedKernel.message;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.netlink.generated.Rtnetlink;
import io.meshnet.netlink.generated.sockaddr_nl;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Another process with CAP_NET_ADMIN can send to our sockets; it is not the kernel. */
class ForeignSenderTest {

    private static final int NLMSG_ERROR = 2;
    private static final int CAPPED = 0x100;
    private static final int RTMGRP_LINK = 1;

    /** Meshnet itself never sends to anybody but the kernel. */
    private static final MethodHandle SENDTO = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("sendto"),
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_INT,
                            ValueLayout.ADDRESS,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_INT,
                            ValueLayout.ADDRESS,
                            ValueLayout.JAVA_INT));

    @Test
    void whatIsNotTheKernelsIsRefusedByTheKernel() throws Throwable {
        try (TestNetns pod = TestNetns.create();
                Arena arena = Arena.ofConfined()) {
            MemorySegment state = Native.callState(arena);
            Port victim = Port.open(state, pod.netns());
            Port forger = Port.open(state, pod.netns());
            try (RouteSocket socket = new RouteSocket(pod.netns(), _ -> victim)) {
                byte[] refusal = new byte[20];
                refusal[0] = (byte) -Errno.EPERM;
                refusal[1] = refusal[2] = refusal[3] = -1;
                // it would be in the queue before the kernel's own ack, and matches the first request of the socket
                byte[] forged = message(NLMSG_ERROR, CAPPED, 1, victim.portId(), refusal);
                assertThat(send(arena, forger, victim.portId(), 0, forged)).isEqualTo(-1);

                socket.links().up(1, true);

                assertThat(pod.link("lo").isUp()).isTrue();
            } finally {
                Native.close(state, forger.fd());
            }
        }
    }

    @Test
    void whatIsMulticastByAnybodyElseIsDropped() throws Throwable {
        try (TestNetns pod = TestNetns.create();
                Arena arena = Arena.ofConfined();
                LinkMonitor monitor = LinkMonitor.open(pod.netns())) {
            MemorySegment state = Native.callState(arena);
            Port forger = Port.open(state, pod.netns());
            try {
                // an RTM_DELLINK of the loopback; not marked as a request, so that the kernel itself passes over it
                byte[] info = new byte[16];
                info[4] = 1;
                byte[] forged = message(Rtnetlink.RTM_DELLINK(), 0, 0, 0, info);
                assertThat(send(arena, forger, 0, RTMGRP_LINK, forged)).isEqualTo(forged.length);

                pod.links().up(1, true);

                assertThat(monitor.poll(Duration.ofSeconds(10)).getFirst()).isInstanceOf(LinkEvent.Changed.class);
            } finally {
                Native.close(state, forger.fd());
            }
        }
    }

    private static long send(Arena arena, Port from, int to, int groups, byte[] message) throws Throwable {
        MemorySegment address = arena.allocate(sockaddr_nl.layout());
        sockaddr_nl.nl_family(address, (short) Rtnetlink.AF_NETLINK());
        sockaddr_nl.nl_pid(address, to);
        sockaddr_nl.nl_groups(address, groups);
        MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, message);
        return (long) SENDTO.invokeExact(from.fd(), bytes, (long) message.length, 0, address, (int) address.byteSize());
    }
}
