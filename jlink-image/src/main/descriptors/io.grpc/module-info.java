/** The API of gRPC. Transports, name resolvers and load balancers are found as services. */
module io.grpc {
    requires java.logging;
    requires transitive com.google.common;

    exports io.grpc;

    uses io.grpc.LoadBalancerProvider;
    uses io.grpc.ManagedChannelProvider;
    uses io.grpc.NameResolverProvider;
    uses io.grpc.ServerProvider;
}
