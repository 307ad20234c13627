/** The gRPC client on Vert.x's event loops. */
module vertx.grpc {
    requires io.netty.handler;
    requires io.netty.transport;
    requires io.vertx.core.logging;
    requires transitive io.grpc;
    requires transitive io.grpc.netty;
    requires transitive io.grpc.stub;
    requires transitive io.vertx.core;

    exports io.vertx.grpc;
    exports io.vertx.grpc.stub;
}
