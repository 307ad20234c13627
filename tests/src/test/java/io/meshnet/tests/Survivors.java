package io.meshnet.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.tests.ObservedLink.Likeness;
import java.util.LinkedHashMap;
import java.util.Map;

/** Links that have to stay as they are while others change. One that was made anew in the likeness of the old shows, too. */
final class Survivors {

    private record End(Pod pod, String ifname) {}

    private final Map<End, Likeness> before = new LinkedHashMap<>();

    /** Takes links of a pod in, as they are now. */
    Survivors with(Pod pod, String... ifnames) {
        for (String ifname : ifnames) {
            pod.brand(ifname);
            before.put(new End(pod, ifname), pod.link(ifname).likeness());
        }
        return this;
    }

    void assertUntouched() {
        before.forEach((end, likeness) -> {
            ObservedLink now = end.pod().link(end.ifname());
            String which = end.ifname() + " of " + end.pod().name();
            assertThat(now.likeness()).as(which).isEqualTo(likeness);
            assertThat(now.branded()).as("%s is the device that it was", which).isTrue();
        });
    }
}
