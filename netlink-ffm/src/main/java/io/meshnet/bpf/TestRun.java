package io.meshnet.bpf;

/**
 * The result of a test run.
 *
 * @param result the value that the program returned, TC_ACT_* in linux/pkt_cls.h: 2 drops the
 *     frame, 7 redirects it
 * @param frame the frame after the run
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares results
public record TestRun(int result, byte[] frame) {}
