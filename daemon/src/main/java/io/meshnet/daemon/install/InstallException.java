package io.meshnet.daemon.install;

/** Something of the node's CNI directories is not as it has to be; the message says where and what. */
public class InstallException extends Exception {
    private static final long serialVersionUID = 1L;

    InstallException(String message) {
        super(message);
    }

    InstallException(String message, Throwable cause) {
        super(message, cause);
    }

    /** There is no configuration to start from, or none that can be read; both may pass, as plugins write theirs when they come up. */
    public static final class NoOriginal extends InstallException {
        private static final long serialVersionUID = 1L;

        private final boolean missing;

        NoOriginal(String message, boolean missing, Throwable cause) {
            super(message, cause);
            this.missing = missing;
        }

        /** Whether there is none at all. */
        public boolean missing() {
            return missing;
        }
    }
}
