package io.meshnet.netlink;

/**
 * A filter that runs a BPF program, from RTM_NEWTFILTER (net/sched/cls_bpf.c).
 *
 * @param programId the id of the program; no other program of the kernel has it as long as this one
 *     lives
 * @param name the name of the filter, see {@link TrafficControl#attachBpf}
 * @param priority from 1 up; the kernel runs filters with smaller numbers first
 * @param handle from 1 up; it distinguishes the filters of one priority
 */
public record BpfFilter(int programId, String name, int priority, int handle) {}
