/** The load balancers of gRPC other than 'pick first'; jetcd asks for round robin by name. */
module io.grpc.util {
    requires io.grpc.internal;
    requires java.logging;
    requires transitive com.google.common;
    requires transitive io.grpc;

    exports io.grpc.util;

    provides io.grpc.LoadBalancerProvider with
            io.grpc.util.OutlierDetectionLoadBalancerProvider,
            io.grpc.util.RandomSubsettingLoadBalancerProvider,
            io.grpc.util.SecretRoundRobinLoadBalancerProvider$Provider;
}
