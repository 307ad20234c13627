/** Google's common messages. gRPC needs com.google.rpc for the status of a call; nothing here uses another package. */
module proto.google.common.protos {
    requires transitive com.google.protobuf;

    exports com.google.rpc;
    exports com.google.rpc.context;
}
