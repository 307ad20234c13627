/** The exceptions of jetcd. */
module jetcd.common {
    requires transitive io.grpc;

    exports io.etcd.jetcd.common;
    exports io.etcd.jetcd.common.exception;
}
