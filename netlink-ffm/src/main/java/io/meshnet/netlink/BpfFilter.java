package io.meshnet.netlink;

/**
 * A filter that runs a BPF program, as RTM_NEWTFILTER tells it (net/sched/cls_bpf.c).
 *
 * @param programId the id of the program, unique among all programs of the kernel as long as the program lives
 * @param name what the filter was called when it was attached
 * @param priority the kernel asks filters with smaller numbers first, from 1 up
 * @param handle tells apart filters of one priority, from 1 up
 */
public record BpfFilter(int programId, String name, int priority, int handle) {}
