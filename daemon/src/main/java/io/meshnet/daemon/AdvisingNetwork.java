package io.meshnet.daemon;

import io.meshnet.cni.Attachment;
import io.meshnet.cni.CniException;
import io.meshnet.cni.NetworkConfig;
import io.meshnet.cni.PodNetwork;
import java.util.List;

/** A pod network whose errors say in their details what is to be done, by their code, unless they say it already. */
final class AdvisingNetwork implements PodNetwork {
    private final PodNetwork network;

    AdvisingNetwork(PodNetwork network) {
        this.network = network;
    }

    /** What to do about an error of that code; empty when nothing is known that would help. */
    static String advice(int code) {
        return switch (code) {
            case CniException.INVALID_ENVIRONMENT ->
                "see what the runtime gives to the plugin: its CNI_ variables, and which namespace CNI_NETNS leads to";
            case CniException.IO_FAILURE ->
                "see to it that MESHNET_STATE is a directory that meshnetd can write to, with room left";
            case CniException.INVALID_CONFIG ->
                "correct the network's file in the runtime's directory of CNI configurations,"
                        + " /etc/cni/net.d unless it is configured otherwise";
            case CniException.TRY_AGAIN_LATER ->
                "it is tried again by the runtime; if it lasts, see that etcd runs and is reached from this node at the"
                        + " endpoints of MESHNET_ETCD_ENDPOINTS, or etcd_host of the network configuration";
            case CniException.NOT_AVAILABLE ->
                "see that etcd runs and is reached from this node: etcdctl --endpoints=... endpoint health;"
                        + " pods without links are served all the same";
            case Codes.TOPOLOGY ->
                "correct /<pod>/links in etcd: meshnetctl validate etcd names all that is wrong with the topology";
            case Codes.WIRING ->
                "meshnetd tries again by itself, and its log tells of the link; an interface or a VNI of that name that"
                        + " meshnet did not make has to be removed by who made it";
            default -> "";
        };
    }

    private static CniException advised(CniException e) {
        return e.details().isEmpty() ? new CniException(e.code(), e.msg(), advice(e.code()), e) : e;
    }

    @Override
    public void validate(Attachment attachment) throws CniException {
        try {
            network.validate(attachment);
        } catch (CniException e) {
            throw advised(e);
        }
    }

    @Override
    public Joining begin(Attachment attachment) throws CniException {
        try {
            Joining begun = network.begin(attachment);
            return () -> finish(begun);
        } catch (CniException e) {
            throw advised(e);
        }
    }

    private static void finish(Joining begun) throws CniException {
        try {
            begun.finish();
        } catch (CniException e) {
            throw advised(e);
        }
    }

    @Override
    public boolean isAttached(Attachment attachment) {
        return network.isAttached(attachment);
    }

    @Override
    public boolean isStale(Attachment attachment) throws CniException {
        return network.isStale(attachment);
    }

    @Override
    public void delete(Attachment attachment) throws CniException {
        try {
            network.delete(attachment);
        } catch (CniException e) {
            throw advised(e);
        }
    }

    @Override
    public void check(Attachment attachment) throws CniException {
        try {
            network.check(attachment);
        } catch (CniException e) {
            throw advised(e);
        }
    }

    @Override
    public void status(NetworkConfig config) throws CniException {
        try {
            network.status(config);
        } catch (CniException e) {
            throw advised(e);
        }
    }

    @Override
    public List<Attachment> attached(NetworkConfig config) throws CniException {
        return network.attached(config);
    }
}
