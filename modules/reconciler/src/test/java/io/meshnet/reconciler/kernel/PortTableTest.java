package io.meshnet.reconciler.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.reconciler.plan.ObservedPort;
import io.meshnet.reconciler.plan.PortMark;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PortTableTest {

    private static final int GROUP = 7;

    private final PortTable table = new PortTable();

    private static ObservedPort port(int ifindex, int group, String ifname) {
        return new ObservedPort(
                ifindex,
                "port" + ifindex,
                group,
                PortMark.parse("meshnet " + ifname + " 21 - auto/1450 default/pod2"),
                false,
                100_000,
                0);
    }

    @Test
    void aPortIsFoundByIndexAndByInterfaceUntilItIsRemoved() {
        ObservedPort port = port(1, GROUP, "eth1");
        table.put(port);

        assertThat(table.find(1)).hasValue(port);
        assertThat(table.find(GROUP, "eth1")).hasValue(port);
        assertThat(table.find(GROUP + 1, "eth1")).isEmpty();

        assertThat(table.remove(1)).hasValue(port);
        assertThat(table.find(GROUP, "eth1")).isEmpty();
        assertThat(table.of(GROUP)).isEmpty();
        assertThat(table.remove(1)).isEmpty();
    }

    @Test
    void aPortThatChangesItsGroupOrItsInterfaceIsFoundUnderTheNewOneOnly() {
        table.put(port(1, GROUP, "eth1"));
        ObservedPort changed = port(1, GROUP + 1, "eth2");
        table.put(changed);

        assertThat(table.find(GROUP, "eth1")).isEmpty();
        assertThat(table.find(GROUP + 1, "eth2")).hasValue(changed);
        assertThat(table.all()).containsExactly(changed);
    }

    @Test
    void ofTwoPortsThatClaimOneInterfaceTheFirstCountsAndIsFoundWhenTheSecondGoes() {
        ObservedPort first = port(1, GROUP, "eth1");
        ObservedPort second = port(2, GROUP, "eth1");
        table.put(first);
        table.put(second);

        assertThat(table.of(GROUP)).containsExactly(first, second);
        assertThat(table.find(GROUP, "eth1")).hasValue(first);
        table.remove(2);
        assertThat(table.find(GROUP, "eth1")).hasValue(first);
    }

    @Test
    void aPortWithoutAMarkHasNoInterface() {
        ObservedPort half = new ObservedPort(1, "port1", GROUP, Optional.empty(), false, 100_000, 0);

        table.put(half);

        assertThat(table.of(GROUP)).containsExactly(half);
        assertThat(table.find(GROUP, "eth1")).isEmpty();
    }
}
