package io.meshnet.netlink;

/**
 * A queueing discipline as RTM_NEWQDISC tells it.
 *
 * @param ifindex the link that has it
 * @param kind its TCA_KIND, such as {@code clsact}
 * @param parent what it hangs on, TC_H_* (linux/pkt_sched.h): {@code 0xfffffff1} for a clsact, {@code 0xffffffff} for a root qdisc
 * @param handle its handle: {@code 0xffff0000} for a clsact, 0 for a qdisc that the kernel made by itself
 */
public record Qdisc(int ifindex, String kind, int parent, int handle) {}
