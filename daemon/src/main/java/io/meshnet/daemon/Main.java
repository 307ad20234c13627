package io.meshnet.daemon;

import io.meshnet.cni.Delegates;
import io.meshnet.cni.Dispatcher;
import io.meshnet.cni.PluginMounts;
import io.meshnet.reconciler.KernelThread;
import io.meshnet.reconciler.PatchNamespace;
import io.meshnet.reconciler.state.NodeIdentity;
import io.meshnet.store.etcd.Endpoints;
import java.io.IOException;
import java.lang.System.Logger;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** meshnetd: the daemon on every node. Every option can be given in the environment instead. */
@Command(
        name = "meshnetd",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description =
                "Wires the pods of this node into the topology in etcd. Serves the CNI front on a Unix socket and its"
                        + " peers on TCP.")
public final class Main implements Callable<Integer> {

    private static final Logger LOG = System.getLogger(Main.class.getName());

    /** EX_SOFTWARE and EX_CONFIG of sysexits.h. */
    private static final int EXIT_FATAL = 70;

    private static final int EXIT_CONFIGURATION = 78;

    /** The kernel's own word; to resolve it would ask a name server. */
    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

    /** How often the heap is looked at. */
    private static final Duration TRIM = Duration.ofSeconds(10);

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "${env:MESHNETD_PORT:-8181}",
            description = "TCP port of the REST API, the same on all nodes (MESHNETD_PORT; ${DEFAULT-VALUE})")
    private int port;

    @Option(
            names = "--etcd",
            paramLabel = "ENDPOINTS",
            defaultValue = "${env:MESHNET_ETCD_ENDPOINTS:-http://localhost:2379}",
            description = "comma-separated endpoints of etcd (MESHNET_ETCD_ENDPOINTS; ${DEFAULT-VALUE})")
    private String etcd = "";

    @Option(
            names = "--vtep",
            paramLabel = "ADDRESS|INTERFACE",
            defaultValue = "${env:MESHNET_VTEP:-}",
            description = "where this node's tunnels end (MESHNET_VTEP; the source address of the default route)")
    private String vtep = "";

    @Option(
            names = "--node",
            paramLabel = "NAME",
            defaultValue = "${env:MESHNET_NODE:-}",
            description = "this node's name, unique in the cluster (MESHNET_NODE; the host's name)")
    private String node = "";

    @Option(
            names = "--socket",
            paramLabel = "PATH",
            defaultValue = "${env:MESHNET_SOCKET:-/run/meshnet/meshnetd.sock}",
            description = "Unix socket of the CNI front (MESHNET_SOCKET; ${DEFAULT-VALUE})")
    private Path socket = Path.of("");

    @Option(
            names = "--state",
            paramLabel = "DIRECTORY",
            defaultValue = "${env:MESHNET_STATE:-/run/meshnet}",
            description = "what has to be remembered until the node reboots (MESHNET_STATE; ${DEFAULT-VALUE})")
    private Path state = Path.of("");

    @Option(
            names = "--vxlan-port",
            paramLabel = "PORT",
            defaultValue = "${env:MESHNET_VXLAN_PORT:-4789}",
            description = "UDP port of every vxlan (MESHNET_VXLAN_PORT; ${DEFAULT-VALUE})")
    private int vxlanPort;

    @Option(
            names = "--mtu",
            paramLabel = "BYTES",
            defaultValue = "${env:MESHNET_MTU:-0}",
            description =
                    "MTU of every link that the topology gives none, the same on all nodes (MESHNET_MTU; what the underlay"
                            + " carries, at most 1500)")
    private int mtu;

    @Option(
            names = "--strict",
            paramLabel = "true|false",
            arity = "0..1",
            fallbackValue = "true",
            defaultValue = "${env:MESHNET_STRICT:-false}",
            description =
                    "ADD waits until every link whose peer is alive is up at both ends, and fails naming those that"
                            + " are not (MESHNET_STRICT; ${DEFAULT-VALUE}; \"strict\" in a CNI configuration goes first)")
    private boolean strict;

    @Option(
            names = "--strict-timeout",
            paramLabel = "SECONDS",
            defaultValue = "${env:MESHNET_STRICT_TIMEOUT:-30}",
            description = "how long a strict ADD waits (MESHNET_STRICT_TIMEOUT; ${DEFAULT-VALUE})")
    private int strictTimeout;

    @Option(
            names = "--node-ttl",
            paramLabel = "SECONDS",
            defaultValue = "${env:MESHNET_NODE_TTL:-40}",
            description =
                    "how long this node counts as alive after its last sign of life, and so how long its daemon may"
                            + " be away unnoticed (MESHNET_NODE_TTL; ${DEFAULT-VALUE})")
    private int nodeTtl;

    @Option(
            names = "--resync",
            paramLabel = "SECONDS",
            defaultValue = "${env:MESHNET_RESYNC:-30}",
            description = "how often the daemon inspects every link, though no event asks for it (MESHNET_RESYNC;"
                    + " ${DEFAULT-VALUE})")
    private int resync;

    @Option(
            names = "--insecure-peers",
            paramLabel = "true|false",
            arity = "0..1",
            fallbackValue = "true",
            defaultValue = "${env:MESHNET_INSECURE_PEERS:-false}",
            description =
                    "PUT /vtep makes links that no topology has, as legacy meshnet does, in the namespaces of pods of this"
                            + " node (MESHNET_INSECURE_PEERS; ${DEFAULT-VALUE})")
    private boolean insecurePeers;

    @Option(
            names = "--netns-mount",
            paramLabel = "daemon|front",
            defaultValue = "${env:MESHNET_NETNS_MOUNT:-daemon}",
            description =
                    "who mounts the patch namespace in the state directory: front for a daemon in a container, whose"
                            + " mounts do not outlive it (MESHNET_NETNS_MOUNT; ${DEFAULT-VALUE})")
    private String netnsMount = "";

    @Option(
            names = "--log-level",
            paramLabel = "LEVEL",
            defaultValue = "${env:MESHNET_LOG_LEVEL:-INFO}",
            description = "SEVERE, WARNING, INFO, FINE or ALL (MESHNET_LOG_LEVEL; ${DEFAULT-VALUE})")
    private String logLevel = "";

    @Option(
            names = "--host-process",
            paramLabel = "DIRECTORY",
            defaultValue = "${env:MESHNET_HOST_PROCESS:-}",
            description = "a process in whose mount namespace delegates run, for a daemon in a container: /proc/1"
                    + " (MESHNET_HOST_PROCESS; the daemon's own)")
    private String hostProcess = "";

    @Option(
            names = "--sysctl",
            paramLabel = "DIRECTORY",
            defaultValue = "${env:MESHNET_SYSCTL:-}",
            description =
                    "where /proc/sys can be written, for a daemon in a container (MESHNET_SYSCTL; /proc/sys, or the"
                            + " host process's)")
    private String sysctl = "";

    private final KernelThread kernel;

    /** @param kernel whose work is what the command line asks for */
    Main(KernelThread kernel) {
        this.kernel = kernel;
    }

    /** Runs the daemon until it is told to stop. */
    public static void main(String[] arguments) {
        KernelThread kernel = new KernelThread(error -> {
            LOG.log(Logger.Level.ERROR, "the kernel thread cannot be trusted any more; the daemon ends", error);
            Runtime.getRuntime().halt(EXIT_FATAL);
        });
        // It opens its socket: to link the functions of C is a quarter of the start, and can be done while the command
        // line is read.
        var _ = kernel.submit(_ -> null);
        System.exit(new CommandLine(new Main(kernel)).execute(arguments));
    }

    @Override
    public Integer call() {
        try {
            LogLines.install(level());
            Configuration configuration = configuration();
            PluginMounts mounts = mounts();
            if (!sysctl.isEmpty()) {
                System.setProperty("io.meshnet.netlink.sysctl", sysctl);
            }
            run(configuration, mounts);
            return 0;
        } catch (ConfigurationException e) {
            LOG.log(Logger.Level.ERROR, e.getMessage());
            return EXIT_CONFIGURATION;
        }
    }

    private java.util.logging.Level level() throws ConfigurationException {
        try {
            return java.util.logging.Level.parse(logLevel);
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException("MESHNET_LOG_LEVEL: \"" + logLevel + "\" is no level", e);
        }
    }

    Configuration configuration() throws ConfigurationException {
        return new Configuration(
                within("MESHNETD_PORT", port, 0, 65_535),
                endpoints(),
                Optional.of(vtep).filter(text -> !text.isEmpty()),
                node.isEmpty() ? hostName() : node,
                socket,
                state,
                within("MESHNET_VXLAN_PORT", vxlanPort, 1, 65_535),
                mtu == 0 ? OptionalInt.empty() : OptionalInt.of(within("MESHNET_MTU", mtu, 68, 65_535)),
                strict,
                Duration.ofSeconds(within("MESHNET_STRICT_TIMEOUT", strictTimeout, 1, 3_600)),
                Duration.ofSeconds(within("MESHNET_NODE_TTL", nodeTtl, 2, 3_600)),
                Duration.ofSeconds(within("MESHNET_RESYNC", resync, 1, 86_400)),
                insecurePeers,
                frontMounts());
    }

    /** Whether the front mounts the patch namespace; a header carries the path of the mount to the front. */
    private boolean frontMounts() throws ConfigurationException {
        return switch (netnsMount) {
            case "daemon" -> false;
            case "front" -> {
                if (!state.toString().chars().allMatch(c -> c >= ' ' && c <= '~')) {
                    throw new ConfigurationException("MESHNET_STATE: " + state
                            + " is not printable ASCII, which MESHNET_NETNS_MOUNT=front requires");
                }
                yield true;
            }
            default ->
                throw new ConfigurationException(
                        "MESHNET_NETNS_MOUNT: \"" + netnsMount + "\" is neither daemon nor front");
        };
    }

    /** The mount namespace of delegates; what is not said of the sysctls is taken from there, too. */
    private PluginMounts mounts() throws ConfigurationException {
        if (hostProcess.isEmpty()) {
            return PluginMounts.own();
        }
        try {
            PluginMounts mounts = PluginMounts.of(Path.of(hostProcess));
            sysctl = sysctl.isEmpty() ? hostProcess + "/root/proc/sys" : sysctl;
            return mounts;
        } catch (IOException | InvalidPathException e) {
            throw new ConfigurationException(
                    "MESHNET_HOST_PROCESS: the mount namespace of " + hostProcess + " cannot be entered: " + e
                            + " (in a container it takes the node's process namespace and CAP_SYS_PTRACE)",
                    e);
        }
    }

    private Endpoints endpoints() throws ConfigurationException {
        try {
            return Endpoints.parse(etcd);
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException("MESHNET_ETCD_ENDPOINTS: " + e.getMessage(), e);
        }
    }

    private static int within(String name, int value, int least, int most) throws ConfigurationException {
        if (value < least || value > most) {
            throw new ConfigurationException(name + ": " + value + " is not between " + least + " and " + most);
        }
        return value;
    }

    private static String hostName() throws ConfigurationException {
        try {
            return Files.readString(HOST_NAME).strip();
        } catch (IOException e) {
            throw new ConfigurationException("this host has no name; set MESHNET_NODE", e);
        }
    }

    private void run(Configuration configuration, PluginMounts mounts) throws ConfigurationException {
        Server.requireUnserved(configuration.socket());
        NodeIdentity identity = probe(configuration);
        Attachments attachments = attachments(configuration);
        PeerDaemons peers = new PeerDaemons(configuration.port());
        PatchNamespace patch = new PatchNamespace(
                identity, kernel, configuration.state().resolve("netns"), configuration.frontMounts());
        Fabrics fabrics =
                new Fabrics(identity, NetnsTag.ofThisBoot(), kernel, attachments, peers, patch, configuration);
        fabrics.start();
        AdvisingNetwork network =
                new AdvisingNetwork(new MeshNetwork(fabrics, attachments, kernel, patch, configuration));
        Dispatcher dispatcher = new Dispatcher(network, new Delegates(mounts));
        Server server = Server.start(configuration, dispatcher, fabrics);
        // The first ADD finds it open.
        var _ = patch.require();
        LOG.log(Logger.Level.INFO, "{0} serves as {1}", "meshnet " + Version.text(), identity);

        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("stop").unstarted(() -> {
            server.close();
            fabrics.close();
            peers.close();
            patch.close();
            kernel.close();
            stopped.countDown();
        }));
        trimUntil(stopped);
    }

    private NodeIdentity probe(Configuration configuration) throws ConfigurationException {
        try {
            return kernel.submit(socket -> NodeProbe.probe(socket, configuration))
                    .join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof NodeProbe.UnknownVtep unknown) {
                throw new ConfigurationException(unknown.getMessage(), unknown);
            }
            throw new ConfigurationException(
                    "this node cannot be looked at: " + e.getCause().getMessage(), e);
        }
    }

    private static Attachments attachments(Configuration configuration) throws ConfigurationException {
        try {
            return Attachments.load(configuration.state().resolve("attachments"));
        } catch (IOException e) {
            throw new ConfigurationException("MESHNET_STATE: cannot use " + configuration.state() + ": " + e, e);
        }
    }

    /** All that this thread still does. */
    private static void trimUntil(CountDownLatch stopped) {
        HeapTrim heap = new HeapTrim();
        while (true) {
            try {
                if (stopped.await(TRIM.toMillis(), TimeUnit.MILLISECONDS)) {
                    return;
                }
                heap.tick();
            } catch (InterruptedException e) {
                LOG.log(Logger.Level.DEBUG, "interrupted, and going on", e);
            }
        }
    }
}
