package io.meshnet.cni;

/**
 * A failure in the terms of the CNI specification (section 5, "Error"): the code, a short message and details.
 *
 * <p>Codes below 100 are the specification's, the constants here among them; 100 and above are a plugin's own.
 */
public sealed class CniException extends Exception permits NetnsNeededException {
    /** The configuration is of a version that the plugin does not speak, or the command is not part of it. */
    public static final int INCOMPATIBLE_VERSION = 1;
    /** An environment variable is missing or wrong; the message names it. */
    public static final int INVALID_ENVIRONMENT = 4;
    /** Reading, writing or executing failed. */
    public static final int IO_FAILURE = 5;
    /** JSON, or the shape of what is in it, could not be decoded. */
    public static final int UNDECODABLE = 6;
    /** The configuration could be read, and is wrong. */
    public static final int INVALID_CONFIG = 7;
    /** A passing condition: the runtime should try again. */
    public static final int TRY_AGAIN_LATER = 11;
    /** The answer to STATUS of a plugin that cannot serve ADD. */
    public static final int NOT_AVAILABLE = 50;
    /** The answer to STATUS of a plugin that cannot serve ADD, and whose pods may have lost connectivity. */
    public static final int LIMITED_CONNECTIVITY = 51;
    /** The delegate could not be found, or failed without saying why in the form of the specification. */
    public static final int DELEGATE_FAILED = 100;
    /** A fault of the plugin itself; the code that the reference implementation uses for it. */
    public static final int INTERNAL = 999;

    private static final long serialVersionUID = 1L;

    private final int code;
    private final String details;

    /**
     * @param code one of the constants, or a code of a delegate
     * @param message what is wrong, and where
     */
    public CniException(int code, String message) {
        this(code, message, "", null);
    }

    /** @param details more about it; empty for none */
    public CniException(int code, String message, String details) {
        this(code, message, details, null);
    }

    /** @param cause what led to it, for the log; null for nothing */
    public CniException(int code, String message, String details, Throwable cause) {
        super(message, cause);
        this.code = code;
        this.details = details;
    }

    /** The code of the error. */
    public int code() {
        return code;
    }

    /** The short message of the error; never null. */
    public String msg() {
        return getMessage();
    }

    /** The details of the error; empty when there are none. */
    public String details() {
        return details;
    }

    /** This error with a message that begins with what it is about. */
    CniException about(String what) {
        return new CniException(code, what + ": " + msg(), details, this);
    }

    /** This error with {@code more} appended to the details. */
    CniException withDetails(String more) {
        return new CniException(code, msg(), details.isEmpty() ? more : details + "; " + more, this);
    }
}
