/** The marshallers of Protobuf messages that io.grpc.protobuf stands on. */
module io.grpc.protobuf.lite {
    requires com.google.common;
    requires transitive com.google.protobuf;
    requires transitive io.grpc;

    exports io.grpc.protobuf.lite;
}
