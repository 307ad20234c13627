package io.meshnet.netlink;

/**
 * The kernel refused an operation, or did not answer as it should.
 *
 * <p>Its message reads for a person: {@code create veth eth1 in /run/netns/a to eth2 in /run/netns/b: EEXIST (exists already)}, then
 * what the kernel itself had to say.
 */
public final class NetlinkException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String operation;
    private final int errno;
    private final String kernelText;
    private final String subject;

    /**
     * @param operation what was tried, such as {@code create veth}
     * @param errno the kernel's error number, positive
     * @param kernelText the extended ack's text, empty for none
     * @param subject what it was about: the link, its namespace
     */
    public NetlinkException(String operation, int errno, String kernelText, String subject) {
        super(operation + " " + subject + ": " + Errno.describe(errno)
                + (kernelText.isEmpty() ? "" : ": " + kernelText));
        this.operation = operation;
        this.errno = errno;
        this.kernelText = kernelText;
        this.subject = subject;
    }

    /** What was tried. */
    public String operation() {
        return operation;
    }

    /** The kernel's error number, positive; {@link Errno} names those that matter. */
    public int errno() {
        return errno;
    }

    /** The extended ack's text, empty for none. */
    public String kernelText() {
        return kernelText;
    }

    /** What it was about. */
    public String subject() {
        return subject;
    }
}
