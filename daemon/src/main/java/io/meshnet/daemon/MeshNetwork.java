package io.meshnet.daemon;

import io.meshnet.cni.Attachment;
import io.meshnet.cni.CniException;
import io.meshnet.cni.NetnsNeededException;
import io.meshnet.cni.NetworkConfig;
import io.meshnet.cni.PodArguments;
import io.meshnet.cni.PodNetwork;
import io.meshnet.netlink.Netns;
import io.meshnet.netlink.NetnsId;
import io.meshnet.reconciler.KernelThread;
import io.meshnet.reconciler.PatchNamespace;
import io.meshnet.reconciler.state.LinkException;
import io.meshnet.store.etcd.Endpoints;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;

/** What meshnet does for a pod beside its delegate: gives it the links that the topology declares. */
final class MeshNetwork implements PodNetwork {

    private static final System.Logger LOG = System.getLogger(MeshNetwork.class.getName());

    private static final String ETCD_HOST = "etcd_host";
    private static final String ETCD_PORT = "etcd_port";

    private static final String STRICT = "strict";

    private final Configuration configuration;
    private final Fabrics fabrics;
    private final Attachments attachments;
    private final KernelThread kernel;
    private final PatchNamespace patch;

    MeshNetwork(
            Fabrics fabrics,
            Attachments attachments,
            KernelThread kernel,
            PatchNamespace patch,
            Configuration configuration) {
        this.configuration = configuration;
        this.fabrics = fabrics;
        this.attachments = attachments;
        this.kernel = kernel;
        this.patch = patch;
    }

    @Override
    public void validate(Attachment call) throws CniException {
        endpoints(call.config());
        patience(call.config());
        identity(call.netns());
    }

    @Override
    public boolean isAttached(Attachment call) {
        return attachments
                .find(call.containerId())
                .filter(PodAttachment::living)
                .isPresent();
    }

    @Override
    public boolean isStale(Attachment call) throws CniException {
        Optional<PodAttachment> known = known(call);
        if (call.netns().isEmpty() || known.isEmpty()) {
            return false;
        }
        return attachments.isTakenOver(known.get())
                || (known.get().identity().isPresent()
                        && Files.exists(Path.of(call.netns()))
                        && !known.get().identity().get().equals(identity(call.netns())));
    }

    /** What the store knows of the pod is read while the delegate runs. */
    @Override
    public Joining begin(Attachment call) throws CniException {
        Optional<PodName> pod = pod(call);
        if (pod.isEmpty()) {
            return () -> {};
        }
        requirePatch(pod.get());
        Endpoints endpoints = endpoints(call.config());
        Fabric fabric = fabrics.fabric(endpoints);
        StoreCall<PodRecord> known = fabric.read(pod.get());
        return () -> fabric.attach(attachment(call, pod.get(), endpoints), known, patience(call.config()));
    }

    /** Sees to it that there is a patch namespace before the delegate runs: it may be for the front to make. */
    private void requirePatch(PodName pod) throws CniException {
        try {
            Optional<Path> wanted = patch.require().join();
            if (wanted.isPresent()) {
                throw new NetnsNeededException(wanted.get());
            }
        } catch (CompletionException e) {
            Throwable cause = e.getCause();
            throw new CniException(
                    Codes.WIRING, "pod " + pod + ": no patch namespace: " + cause.getMessage(), "", cause);
        }
    }

    private PodAttachment attachment(Attachment call, PodName pod, Endpoints endpoints) throws CniException {
        return new PodAttachment(
                call.containerId(),
                call.config().name(),
                pod,
                call.netns(),
                Optional.of(identity(call.netns())),
                call.ifname(),
                endpoints.toString(),
                System.currentTimeMillis(),
                PodAttachment.Stage.LIVING);
    }

    @Override
    public void delete(Attachment call) throws CniException {
        Optional<PodAttachment> known = known(call);
        if (known.isPresent()) {
            PodAttachment gone = known.get().gone();
            fabrics.fabric(Endpoints.parse(gone.etcd())).detach(gone);
        }
    }

    /** The attachment as it was noted, or, if it was not or no longer is, as little as the call itself says of it. */
    private Optional<PodAttachment> known(Attachment call) throws CniException {
        Optional<PodAttachment> noted = attachments.find(call.containerId());
        if (noted.isPresent()) {
            return noted;
        }
        String etcd = endpoints(call.config()).toString();
        Optional<NetnsId> found = found(call.netns());
        return pod(call)
                .map(pod -> new PodAttachment(
                        call.containerId(),
                        call.config().name(),
                        pod,
                        call.netns(),
                        found,
                        call.ifname(),
                        etcd,
                        0,
                        PodAttachment.Stage.DETACHED));
    }

    /** Which namespace a path leads to now: another container may live in it. Empty when it leads to none. */
    private Optional<NetnsId> found(String netns) {
        if (netns.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(identity(netns));
        } catch (CniException e) {
            LOG.log(Level.DEBUG, "nothing is released in {0}: {1}", netns, e.getMessage());
            return Optional.empty();
        }
    }

    @Override
    public List<Attachment> attached(NetworkConfig config) {
        return attachments.of(config.name()).stream()
                .map(noted -> new Attachment(
                        noted.containerId(),
                        noted.netns(),
                        noted.ifname(),
                        new PodArguments(noted.pod().name(), noted.pod().namespace(), noted.containerId()),
                        config))
                .toList();
    }

    @Override
    public void check(Attachment call) throws CniException {
        Optional<PodName> pod = pod(call);
        if (pod.isPresent()) {
            fabrics.fabric(endpoints(call.config())).check(pod.get(), call.containerId());
        }
    }

    @Override
    public void status(NetworkConfig config) throws CniException {
        Endpoints endpoints = endpoints(config);
        if (!fabrics.isReady(endpoints)) {
            throw new CniException(CniException.NOT_AVAILABLE, "etcd at " + endpoints + " is not followed at present");
        }
    }

    /** The pod, as the store names it: the seed's keys have no namespace. */
    private static Optional<PodName> pod(Attachment call) throws CniException {
        String name = call.args().podName();
        if (name.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(PodName.of(name));
        } catch (IllegalArgumentException e) {
            throw new CniException(
                    CniException.INVALID_ENVIRONMENT, "CNI_ARGS: K8S_POD_NAME: " + e.getMessage(), "", e);
        }
    }

    /** How long an ADD waits for both ends of its links; empty if it is not strict. */
    private Optional<Duration> patience(NetworkConfig config) throws CniException {
        return config.flag(STRICT, configuration.strict()) ? Optional.of(configuration.patience()) : Optional.empty();
    }

    /** The store of a call: what its configuration names, or else the daemon's own. */
    private Endpoints endpoints(NetworkConfig config) throws CniException {
        String host = config.text(ETCD_HOST, "");
        String port = config.text(ETCD_PORT, "");
        if (host.isEmpty() && port.isEmpty()) {
            return fabrics.own();
        }
        try {
            return Endpoints.ofHostAndPort(host, port);
        } catch (IllegalArgumentException e) {
            throw new CniException(CniException.INVALID_CONFIG, e.getMessage(), "", e);
        }
    }

    private NetnsId identity(String netns) throws CniException {
        try {
            Path path = Path.of(netns);
            return kernel.submit(node -> {
                        try (Netns open = Netns.open(path)) {
                            NetnsId id = open.id();
                            if (id.equals(node.netnsId())) {
                                throw new LinkException(path + " is the node's own network namespace, not a pod's");
                            }
                            return id;
                        }
                    })
                    .join();
        } catch (InvalidPathException e) {
            throw new CniException(
                    CniException.INVALID_ENVIRONMENT, "CNI_NETNS: \"" + netns + "\" is not a path", "", e);
        } catch (CompletionException e) {
            Throwable refused = e.getCause();
            throw new CniException(CniException.INVALID_ENVIRONMENT, "CNI_NETNS: " + refused.getMessage(), "", refused);
        }
    }
}
