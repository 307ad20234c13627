/** The generated clients and messages of etcd's API. */
module jetcd.grpc {
    requires io.grpc.protobuf;
    requires vertx.grpc;
    requires transitive com.google.common;
    requires transitive com.google.protobuf;
    requires transitive io.grpc;
    requires transitive io.grpc.stub;
    requires transitive io.vertx.core;

    exports io.etcd.jetcd.api;
    exports io.etcd.jetcd.api.lock;
}
