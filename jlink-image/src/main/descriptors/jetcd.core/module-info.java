/** The etcd client. Its implementation package stays closed. */
module jetcd.core {
    requires com.google.common;
    requires dev.failsafe.core;
    requires io.grpc.netty;
    // The balancer that jetcd names by default is found as a service, so nothing else would link it.
    requires io.grpc.util;
    requires io.netty.transport;
    requires java.naming;
    requires org.slf4j;
    requires vertx.grpc;
    requires transitive com.google.protobuf;
    requires transitive io.grpc;
    requires transitive io.grpc.stub;
    requires transitive io.netty.handler;
    requires transitive io.vertx.core;
    requires transitive jetcd.common;
    requires transitive jetcd.grpc;

    exports io.etcd.jetcd;
    exports io.etcd.jetcd.auth;
    exports io.etcd.jetcd.cluster;
    exports io.etcd.jetcd.election;
    exports io.etcd.jetcd.kv;
    exports io.etcd.jetcd.lease;
    exports io.etcd.jetcd.lock;
    exports io.etcd.jetcd.maintenance;
    exports io.etcd.jetcd.op;
    exports io.etcd.jetcd.options;
    exports io.etcd.jetcd.resolver;
    exports io.etcd.jetcd.support;
    exports io.etcd.jetcd.watch;

    provides io.grpc.NameResolverProvider with
            io.etcd.jetcd.resolver.DnsSrvResolverProvider,
            io.etcd.jetcd.resolver.HttpResolverProvider,
            io.etcd.jetcd.resolver.HttpsResolverProvider,
            io.etcd.jetcd.resolver.IPResolverProvider;
}
