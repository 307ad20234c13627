package io.meshnet.tests;

import com.fasterxml.jackson.databind.JsonNode;
import io.grpc.StatusRuntimeException;
import io.meshnet.tests.generated.cri.LinuxPodSandboxConfig;
import io.meshnet.tests.generated.cri.PodSandbox;
import io.meshnet.tests.generated.cri.PodSandboxConfig;
import io.meshnet.tests.generated.cri.PodSandboxMetadata;
import io.meshnet.tests.generated.cri.PodSandboxStatusResponse;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * What a kubelet does for a node's pods: has the runtime make them, takes away what did not come up and tries again, until it does.
 * Safe for use by any thread, for different pods.
 */
final class Kubelet {
    private static final String NAMESPACE = "default";
    private static final int ATTEMPTS = 30;
    /** What the pause between two attempts grows by, so that many pods that are tried again do not keep the node from getting well. */
    private static final long PAUSE_MILLIS = 500;

    private final RuntimeNode node;
    private final List<String> failures = new CopyOnWriteArrayList<>();

    Kubelet(RuntimeNode node) {
        this.node = node;
    }

    /** Runs a pod, and fails at the first failure. */
    Sandbox run(String pod) {
        return attempt(pod, UUID.randomUUID(), 0);
    }

    /** Runs a pod, however often that takes. */
    Sandbox persist(String pod) {
        UUID uid = UUID.randomUUID();
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try {
                return attempt(pod, uid, attempt);
            } catch (StatusRuntimeException e) {
                failures.add(pod + ": " + e.getMessage());
                delete(pod);
                pause(attempt);
            }
        }
        throw new AssertionError(pod + " does not come up: " + failures);
    }

    /** What went wrong and was tried again. */
    List<String> failures() {
        return List.copyOf(failures);
    }

    /** Stops and removes every sandbox of a pod, however often that takes. */
    void delete(String pod) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try {
                for (PodSandbox sandbox : sandboxes()) {
                    if (sandbox.getMetadata().getName().equals(pod)) {
                        node.runtime().cri().stop(sandbox.getId());
                        node.runtime().cri().remove(sandbox.getId());
                    }
                }
                return;
            } catch (StatusRuntimeException e) {
                failures.add("deletion of " + pod + ": " + e.getMessage());
                pause(attempt);
            }
        }
        throw new AssertionError(pod + " cannot be deleted: " + failures);
    }

    /** What the runtime has of pods. */
    List<PodSandbox> sandboxes() {
        return node.runtime().cri().list();
    }

    private Sandbox attempt(String pod, UUID uid, int attempt) {
        PodSandboxConfig config = PodSandboxConfig.newBuilder()
                .setMetadata(PodSandboxMetadata.newBuilder()
                        .setName(pod)
                        .setNamespace(NAMESPACE)
                        .setUid(uid.toString())
                        .setAttempt(attempt))
                .setHostname(pod)
                .setLinux(LinuxPodSandboxConfig.newBuilder()
                        .setCgroupParent(node.machine().cgroup()))
                .build();
        return observed(pod, node.runtime().cri().run(config));
    }

    private Sandbox observed(String pod, String id) {
        PodSandboxStatusResponse status = node.runtime().cri().status(id);
        JsonNode info = Json.parse(status.getInfoOrThrow("info"));
        for (JsonNode namespace : info.at("/runtimeSpec/linux/namespaces")) {
            if (namespace.path("type").asText().equals("network")) {
                String address = status.getStatus().getNetwork().getIp();
                return new Sandbox(pod, node, id, namespace.path("path").asText(), address);
            }
        }
        throw new AssertionError("the runtime tells no network namespace: " + info);
    }

    private static void pause(int attempt) {
        try {
            Thread.sleep(PAUSE_MILLIS * (attempt + 1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while a pod comes up", e);
        }
    }
}
