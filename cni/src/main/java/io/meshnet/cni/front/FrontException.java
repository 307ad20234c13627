package io.meshnet.cni.front;

/** Why a call could not be carried to the daemon, or its answer not back. */
final class FrontException extends Exception {
    /** CNI error: an environment variable is wrong. */
    static final int INVALID_ENVIRONMENT = 4;
    /** CNI error: reading or writing failed. */
    static final int IO_FAILURE = 5;
    /** CNI error: a passing condition, the runtime should try again. */
    static final int TRY_AGAIN_LATER = 11;

    /** CNI error, of STATUS alone: an ADD could not be served. */
    static final int NOT_AVAILABLE = 50;

    private static final long serialVersionUID = 1L;

    private final int code;
    private final String advice;

    FrontException(int code, String message) {
        this(code, message, ErrorJson.advice(code));
    }

    /** @param advice what to do about it; has nothing to be escaped in JSON */
    FrontException(int code, String message, String advice) {
        super(message);
        this.code = code;
        this.advice = advice;
    }

    int code() {
        return code;
    }

    /** What to do about it. */
    String advice() {
        return advice;
    }
}
