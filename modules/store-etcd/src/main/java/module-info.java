/**
 * TopologyStore on etcd.
 *
 * <p>jetcd and what it brings stay behind the exported types. {@code jetcd.core} is the name that the module system
 * derives from the file; it exports what is used of the rest, but for the exceptions in {@code jetcd.common}. {@code java.logging} is for the levels of the loggers
 * that jetcd and gRPC would fill.
 */
module io.meshnet.store.etcd {
    requires transitive io.meshnet.topology;
    requires java.logging;
    requires jetcd.common;
    requires jetcd.core;

    exports io.meshnet.store.etcd;
}
