/** What the generated clients of gRPC extend. */
module io.grpc.stub {
    requires java.logging;
    requires transitive com.google.common;
    requires transitive io.grpc;

    exports io.grpc.stub;
    exports io.grpc.stub.annotations;
}
