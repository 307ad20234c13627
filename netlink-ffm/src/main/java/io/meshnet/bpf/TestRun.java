package io.meshnet.bpf;

/**
 * How a test run of a program ended.
 *
 * @param result what the program returned: for SCHED_CLS a TC_ACT_*, such as 2 (TC_ACT_SHOT) and 7 (TC_ACT_REDIRECT)
 * @param frame the frame afterwards
 */
@SuppressWarnings("ArrayRecordComponent") // a result that nobody compares
public record TestRun(int result, byte[] frame) {}
