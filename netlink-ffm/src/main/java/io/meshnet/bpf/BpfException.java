package io.meshnet.bpf;

import java.util.Map;

/**
 * The kernel refused a BPF operation.
 *
 * <p>The message is for people: {@code load BPF program wire: EACCES (permission denied)}, and then
 * the last lines of the verifier's log, which give the reason.
 */
public final class BpfException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private static final int LINES_IN_THE_MESSAGE = 5;

    /**
     * The error numbers of bpf(2), by their numbers on x86_64 and aarch64
     * (asm-generic/errno-base.h, asm-generic/errno.h).
     */
    private static final Map<Integer, String> NAMES = Map.ofEntries(
            Map.entry(1, "EPERM (operation not permitted)"),
            Map.entry(2, "ENOENT (no such object)"),
            Map.entry(7, "E2BIG (the map is full, or an argument too long)"),
            Map.entry(9, "EBADF (bad file descriptor)"),
            Map.entry(11, "EAGAIN (interrupted)"),
            Map.entry(12, "ENOMEM (out of memory)"),
            Map.entry(13, "EACCES (permission denied)"),
            Map.entry(14, "EFAULT (bad address)"),
            Map.entry(16, "EBUSY (busy)"),
            Map.entry(17, "EEXIST (exists already)"),
            Map.entry(19, "ENODEV (no such device)"),
            Map.entry(22, "EINVAL (invalid argument)"),
            Map.entry(24, "EMFILE (too many open files)"),
            Map.entry(28, "ENOSPC (no space)"),
            Map.entry(38, "ENOSYS (the kernel has no bpf(2))"),
            Map.entry(95, "EOPNOTSUPP (not supported)"),
            Map.entry(524, "ENOTSUPP (not supported)"));

    private final String operation;
    private final int errno;
    private final String log;

    BpfException(String operation, int errno) {
        this(operation, errno, "");
    }

    BpfException(String operation, int errno, String log) {
        super(operation + ": " + NAMES.getOrDefault(errno, "errno " + errno) + lastLines(log));
        this.operation = operation;
        this.errno = errno;
        this.log = log;
    }

    private static String lastLines(String log) {
        if (log.isBlank()) {
            return "";
        }
        var lines = log.lines().filter(line -> !line.isBlank()).toList();
        return "\n" + String.join("\n", lines.subList(Math.max(0, lines.size() - LINES_IN_THE_MESSAGE), lines.size()));
    }

    /** The operation and its object, such as {@code load BPF program wire}. */
    public String operation() {
        return operation;
    }

    /** The kernel's error number, positive (errno(3)). */
    public int errno() {
        return errno;
    }

    /** The verifier's log of a program that the kernel refused; empty for every other operation. */
    public String log() {
        return log;
    }
}
