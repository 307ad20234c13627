package io.meshnet.netlink;

/**
 * A queueing discipline, from RTM_NEWQDISC.
 *
 * @param ifindex the link of the qdisc
 * @param kind its TCA_KIND, such as {@code clsact}
 * @param parent its place, TC_H_* (linux/pkt_sched.h): {@code 0xfffffff1} for a clsact,
 *     {@code 0xffffffff} for a root qdisc
 * @param handle its handle: {@code 0xffff0000} for a clsact, 0 for a qdisc that the kernel has made
 *     by default
 */
public record Qdisc(int ifindex, String kind, int parent, int handle) {}
