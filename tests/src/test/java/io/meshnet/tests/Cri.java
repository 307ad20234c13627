package io.meshnet.tests;

import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.meshnet.tests.generated.cri.ListPodSandboxRequest;
import io.meshnet.tests.generated.cri.ListPodSandboxResponse;
import io.meshnet.tests.generated.cri.PodSandbox;
import io.meshnet.tests.generated.cri.PodSandboxConfig;
import io.meshnet.tests.generated.cri.PodSandboxStatusRequest;
import io.meshnet.tests.generated.cri.PodSandboxStatusResponse;
import io.meshnet.tests.generated.cri.RemovePodSandboxRequest;
import io.meshnet.tests.generated.cri.RemovePodSandboxResponse;
import io.meshnet.tests.generated.cri.RunPodSandboxRequest;
import io.meshnet.tests.generated.cri.RunPodSandboxResponse;
import io.meshnet.tests.generated.cri.RuntimeCondition;
import io.meshnet.tests.generated.cri.StatusRequest;
import io.meshnet.tests.generated.cri.StatusResponse;
import io.meshnet.tests.generated.cri.StopPodSandboxRequest;
import io.meshnet.tests.generated.cri.StopPodSandboxResponse;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The Container Runtime Interface as a client speaks it: gRPC on the runtime's Unix socket. Safe for use by any thread. Every call
 * fails with a {@link io.grpc.StatusRuntimeException} that says what the runtime says.
 */
final class Cri implements AutoCloseable {
    private static final String SERVICE = "runtime.v1.RuntimeService";
    /** What the kubelet gives a runtime, unless it is told otherwise. */
    private static final long DEADLINE_SECONDS = 120;

    /** Warns of TCP's options, which gRPC sets on whatever channel; held, since a logger that is not loses its level. */
    private static final Logger OPTIONS = Logger.getLogger("io.netty.bootstrap");

    private final EventLoopGroup events = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final ManagedChannel channel;

    Cri(Path socket) {
        OPTIONS.setLevel(Level.SEVERE);
        // The path would be the authority otherwise, which a server need not accept (RFC 9113, section 8.3.1).
        channel = NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
                .channelType(NioDomainSocketChannel.class)
                .eventLoopGroup(events)
                .overrideAuthority("localhost")
                .usePlaintext()
                .build();
    }

    /** What the runtime says of itself: RuntimeReady and NetworkReady. */
    List<RuntimeCondition> conditions() {
        return status().getStatus().getConditionsList();
    }

    /** The CNI configuration that the runtime uses at present. */
    String network() {
        return status().getInfoOrDefault("cniconfig", "");
    }

    private StatusResponse status() {
        var request = StatusRequest.newBuilder().setVerbose(true).build();
        return call("Status", request, StatusResponse.getDefaultInstance());
    }

    /**
     * Makes and starts a pod's sandbox.
     *
     * @return its id
     */
    String run(PodSandboxConfig config) {
        var request = RunPodSandboxRequest.newBuilder().setConfig(config).build();
        return call("RunPodSandbox", request, RunPodSandboxResponse.getDefaultInstance())
                .getPodSandboxId();
    }

    /** Stops a sandbox and takes its network down. */
    void stop(String id) {
        var request = StopPodSandboxRequest.newBuilder().setPodSandboxId(id).build();
        call("StopPodSandbox", request, StopPodSandboxResponse.getDefaultInstance());
    }

    /** Removes a sandbox that was stopped. */
    void remove(String id) {
        var request = RemovePodSandboxRequest.newBuilder().setPodSandboxId(id).build();
        call("RemovePodSandbox", request, RemovePodSandboxResponse.getDefaultInstance());
    }

    /** A sandbox's state, with what the runtime has to say of its inside. */
    PodSandboxStatusResponse status(String id) {
        var request = PodSandboxStatusRequest.newBuilder()
                .setPodSandboxId(id)
                .setVerbose(true)
                .build();
        return call("PodSandboxStatus", request, PodSandboxStatusResponse.getDefaultInstance());
    }

    /** Every sandbox, whatever its state. */
    List<PodSandbox> list() {
        return call(
                        "ListPodSandbox",
                        ListPodSandboxRequest.getDefaultInstance(),
                        ListPodSandboxResponse.getDefaultInstance())
                .getItemsList();
    }

    private <Q extends Message, A extends Message> A call(String method, Q request, A answer) {
        @SuppressWarnings("unchecked") // the default instance of a message's type is of that type
        Q type = (Q) request.getDefaultInstanceForType();
        var descriptor = MethodDescriptor.<Q, A>newBuilder()
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, method))
                .setRequestMarshaller(ProtoUtils.marshaller(type))
                .setResponseMarshaller(ProtoUtils.marshaller(answer))
                .build();
        CallOptions options =
                CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
        return ClientCalls.blockingUnaryCall(channel, descriptor, options, request);
    }

    @Override
    public void close() {
        channel.shutdownNow();
        var _ = events.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
