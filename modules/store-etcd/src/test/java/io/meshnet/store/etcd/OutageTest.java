package io.meshnet.store.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.StoreException;
import io.meshnet.topology.TopologyStore.Listener;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class OutageTest {
    private static final PodName POD1 = PodName.of("pod1");
    private static final Placement PLACEMENT = new Placement(NumericAddress.parse("10.0.0.1"), "/n", "c1", "node1");

    @TempDir
    private Path directory;

    private EtcdServer etcd;
    private EtcdStore store;

    @BeforeEach
    void start() throws IOException {
        etcd = EtcdServer.start(directory);
        store = EtcdStore.connect(etcd.endpoints(), Duration.ofSeconds(1));
    }

    @AfterEach
    void stop() {
        store.close();
        etcd.close();
    }

    @Test
    void every_call_fails_with_what_where_and_why_while_etcd_is_down_and_works_when_it_is_back() throws Exception {
        store.register(POD1, PLACEMENT);
        etcd.stop();
        String where = " (etcd at " + etcd.endpoints() + "): Connection refused";
        await().untilAsserted(() -> assertThatThrownBy(() -> store.read(POD1))
                .isInstanceOf(StoreException.class)
                .hasMessage("reading /pod1/" + where));
        assertThatThrownBy(() -> store.readAll()).hasMessage("reading all pods" + where);
        assertThatThrownBy(() -> store.register(POD1, PLACEMENT)).hasMessage("registering default/pod1" + where);
        assertThatThrownBy(() -> store.unregister(POD1, "c1")).hasMessage("reading /pod1/" + where);
        etcd.start();
        await().ignoreExceptionsInstanceOf(StoreException.class)
                .untilAsserted(() -> assertThat(store.read(POD1).placement()).contains(PLACEMENT));
    }

    /** The connection of the first call after an outage is made anew by it; that of the next is young, and remembers the refusal. */
    @Test
    void a_call_succeeds_at_once_when_etcd_is_back_whatever_was_refused_before() throws Exception {
        store.register(POD1, PLACEMENT);
        for (int outage = 0; outage < 3; outage++) {
            etcd.stop();
            assertThatThrownBy(() -> store.read(POD1)).isInstanceOf(StoreException.class);
            etcd.start();
            assertThat(store.read(POD1).placement()).contains(PLACEMENT);
            store.register(POD1, PLACEMENT);
        }
    }

    @Test
    void a_call_to_an_etcd_that_hangs_fails_by_its_deadline() throws Exception {
        store.register(POD1, PLACEMENT);
        etcd.pause();
        try {
            assertThatThrownBy(() -> store.read(POD1))
                    .isInstanceOf(StoreException.class)
                    .hasMessage("reading /pod1/ (etcd at " + etcd.endpoints() + "): no answer within 1000 ms");
        } finally {
            etcd.resume();
        }
        await().ignoreExceptionsInstanceOf(StoreException.class)
                .untilAsserted(() -> assertThat(store.read(POD1).placement()).contains(PLACEMENT));
    }

    @Test
    void nothing_below_us_logs_a_warning_of_an_outage() throws Exception {
        List<LogRecord> warnings = new CopyOnWriteArrayList<>();
        Handler ear = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                if (entry.getLevel().intValue() >= Level.WARNING.intValue()) {
                    warnings.add(entry);
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        var told = new LinkedBlockingQueue<String>();
        Logger.getLogger("").addHandler(ear);
        try (var _ = store.subscribe(new Counting(told))) {
            assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo("snapshot");
            etcd.stop();
            assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo("interrupted");
            assertThatThrownBy(() -> store.read(POD1)).isInstanceOf(StoreException.class);
            etcd.start();
            assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo("snapshot");
        } finally {
            Logger.getLogger("").removeHandler(ear);
        }
        assertThat(warnings)
                .extracting(entry -> entry.getLoggerName() + ": " + entry.getMessage())
                .isEmpty();
    }

    private record Counting(BlockingQueue<String> calls) implements Listener {
        @Override
        public void snapshot(Map<PodName, PodRecord> pods, Set<String> nodes, long revision) {
            calls.add("snapshot");
        }

        @Override
        public void changed(PodRecord pod) {
            calls.add("changed");
        }

        @Override
        public void nodes(Set<String> alive) {
            calls.add("nodes");
        }

        @Override
        public void interrupted(StoreException why) {
            calls.add("interrupted");
        }
    }

    @Test
    void an_interrupted_caller_stays_interrupted_and_gets_an_answer() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> store.read(POD1))
                .isInstanceOf(StoreException.class)
                .hasMessageEndingWith("interrupted");
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void a_host_that_has_no_address_is_an_outage_too() {
        try (var lost = EtcdStore.connect(Endpoints.parse("no-such-host.invalid"), Duration.ofSeconds(5))) {
            assertThatThrownBy(() -> lost.read(POD1))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("no-such-host.invalid");
        }
    }

    @Test
    void an_ipv6_endpoint_is_reached_as_an_address_and_not_as_a_name() {
        try (var store6 = EtcdStore.connect(Endpoints.parse("[::1]:1"), Duration.ofSeconds(5))) {
            assertThatThrownBy(() -> store6.read(POD1))
                    .hasMessage("reading /pod1/ (etcd at http://[::1]:1): Connection refused");
        }
    }
}
