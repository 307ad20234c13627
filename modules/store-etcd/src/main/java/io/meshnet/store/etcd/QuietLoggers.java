package io.meshnet.store.etcd;

import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The loggers of what lies below us, which warn of every failed attempt to connect. We report each failure ourselves,
 * in an exception or to the listener, so theirs count from SEVERE on, unless the user has given them a level.
 */
final class QuietLoggers {
    // The log manager holds loggers weakly, and a forgotten one loses its level.
    private static final List<Logger> LOGGERS = List.of("io.etcd.jetcd", "io.grpc", "io.netty").stream()
            .map(Logger::getLogger)
            .toList();

    private QuietLoggers() {}

    static void hush() {
        LOGGERS.stream().filter(logger -> logger.getLevel() == null).forEach(logger -> logger.setLevel(Level.SEVERE));
    }
}
