/** The channel and the call of gRPC: what every transport stands on. */
module io.grpc.internal {
    requires io.perfmark;
    requires java.logging;
    requires java.naming;
    requires transitive com.google.common;
    requires transitive io.grpc;

    exports io.grpc.internal;

    provides io.grpc.LoadBalancerProvider with
            io.grpc.internal.PickFirstLoadBalancerProvider;
    provides io.grpc.NameResolverProvider with
            io.grpc.internal.DnsNameResolverProvider;
}
