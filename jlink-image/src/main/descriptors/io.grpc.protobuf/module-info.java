/** Protobuf messages as gRPC's payloads. */
module io.grpc.protobuf {
    requires com.google.common;
    requires io.grpc.protobuf.lite;
    requires transitive com.google.protobuf;
    requires transitive io.grpc;
    requires transitive proto.google.common.protos;

    exports io.grpc.protobuf;
}
