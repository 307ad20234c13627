package io.meshnet.store.etcd;

import static org.awaitility.Awaitility.await;

import io.etcd.jetcd.Client;
import io.etcd.jetcd.maintenance.StatusResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A real etcd of three members on loopback, for tests. Closing it kills them all. */
final class EtcdCluster implements AutoCloseable {
    private static final int MEMBERS = 3;
    private static final Duration BOUND = Duration.ofSeconds(60);

    private final List<EtcdServer> members;

    private EtcdCluster(List<EtcdServer> members) {
        this.members = members;
    }

    /** Starts a new cluster and waits until all of it serves. */
    static EtcdCluster start(Path directory) throws IOException {
        var cluster = new EtcdCluster(EtcdServer.members(directory, MEMBERS));
        cluster.startMissing();
        return cluster;
    }

    List<EtcdServer> members() {
        return members;
    }

    /** All members, whether they run or not. */
    Endpoints endpoints() {
        return new Endpoints(members.stream()
                .flatMap(member -> member.endpoints().members().stream())
                .toList());
    }

    /** Starts the members that do not run, and waits until all serve. */
    void startMissing() throws IOException {
        for (EtcdServer member : members) {
            if (!member.isRunning()) {
                member.launch();
            }
        }
        members.forEach(EtcdServer::awaitHealthy);
    }

    /** Kills all members at once. */
    void stop() {
        members.forEach(EtcdServer::stop);
    }

    /** The leader, once there is one. */
    EtcdServer leader() {
        return await("a leader")
                .atMost(BOUND)
                .until(this::findLeader, Optional::isPresent)
                .orElseThrow();
    }

    /** The members that run and do not lead. */
    List<EtcdServer> followers() {
        EtcdServer leader = leader();
        return members.stream()
                .filter(EtcdServer::isRunning)
                .filter(member -> member != leader)
                .toList();
    }

    /** Has the leader hand over to another member, as {@code etcdctl move-leader} does. */
    void moveLeader() throws Exception {
        EtcdServer leader = leader();
        long next = status(followers().getFirst()).getHeader().getMemberId();
        try (var client = client(leader)) {
            client.getMaintenanceClient().moveLeader(next).get(BOUND.toSeconds(), TimeUnit.SECONDS);
        }
        await("another leader").atMost(BOUND).until(() -> leader() != leader);
    }

    @Override
    public void close() {
        stop();
    }

    private Optional<EtcdServer> findLeader() throws InterruptedException {
        for (EtcdServer member : members) {
            try {
                StatusResponse status = status(member);
                if (status.getLeader() == status.getHeader().getMemberId()) {
                    return Optional.of(member);
                }
            } catch (ExecutionException | TimeoutException _) {
                // It is down, or has no leader itself.
            }
        }
        return Optional.empty();
    }

    private static StatusResponse status(EtcdServer member)
            throws InterruptedException, ExecutionException, TimeoutException {
        try (var client = client(member)) {
            String url = member.endpoints().toString();
            return client.getMaintenanceClient().statusMember(url).get(2, TimeUnit.SECONDS);
        }
    }

    private static Client client(EtcdServer member) {
        return Client.builder().target(member.endpoints().target()).build();
    }
}
