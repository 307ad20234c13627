/** meshnetd, the daemon on every node, and meshnetctl. */
module io.meshnet.daemon {
    requires com.fasterxml.jackson.databind;
    requires info.picocli;
    requires io.helidon.health;
    requires io.helidon.webserver;
    requires io.helidon.webserver.observe;
    requires io.helidon.webserver.observe.health;
    requires io.meshnet.cni;
    requires io.meshnet.store.etcd;
    requires io.meshnet.reconciler;
    requires java.logging;
    requires java.net.http;

    // The command line is read into annotated members.
    opens io.meshnet.daemon to
            info.picocli;
    opens io.meshnet.daemon.ctl to
            info.picocli;
}
