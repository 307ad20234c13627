package io.meshnet.daemon;

/** The daemon cannot run as it is configured; the message names the setting and what is wrong with it. */
final class ConfigurationException extends Exception {
    private static final long serialVersionUID = 1L;

    ConfigurationException(String message) {
        super(message);
    }

    ConfigurationException(String message, Throwable cause) {
        super(message, cause);
    }
}
