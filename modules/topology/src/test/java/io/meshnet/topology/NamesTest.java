package io.meshnet.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {

    @Test
    void pods_are_ordered_by_namespace_and_then_by_name() {
        var sorted = Stream.of(new PodName("b", "a"), PodName.of("pod2"), PodName.of("pod10"), new PodName("a", "z"))
                .sorted();
        assertThat(sorted.map(PodName::toString)).containsExactly("a/z", "b/a", "default/pod10", "default/pod2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a/b", "/", "pod 1", "pod1\n", "a\u0000b", "pod\u00a01"})
    void a_pod_has_no_name_that_could_not_be_one_segment_of_a_key(String name) {
        assertThatIllegalArgumentException().isThrownBy(() -> PodName.of(name)).withMessageStartingWith("pod name ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PodName(name, "pod1"))
                .withMessageStartingWith("pod namespace ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"eth1", "e", "abcdefghijklmno", "Gi0.1-2_x@y", "...", "lo0"})
    void names_that_the_kernel_takes_are_fit(String name) {
        assertThat(InterfaceName.defect(name)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "'', is empty",
        "abcdefghijklmnop, 'is 16 bytes long, the kernel allows 15'",
        "\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4, 'is 16 bytes long, the kernel allows 15'",
        "., is not a name that the kernel allows",
        ".., is not a name that the kernel allows",
        "lo, is a name that every network namespace has for itself",
        "all, is a name that every network namespace has for itself",
        "eth/1, 'contains ''/'''",
        "eth1:0, 'contains '':'''",
        "eth%d, 'contains ''%'''",
        "'eth 1', contains white space",
        "'eth1\n', contains white space",
        "\u00e4, 'contains U+00E4, which is not printable ASCII'",
        "e\u007f, 'contains U+007F, which is not printable ASCII'",
    })
    void names_that_the_kernel_refuses_or_takes_for_something_else_are_not(String name, String defect) {
        assertThat(InterfaceName.defect(name)).contains(defect);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LinkEnd(PodName.of("pod1"), name, Optional.empty()))
                .withMessageContaining(defect);
    }

    @Test
    void a_link_has_a_uid_whose_vni_fits_and_two_different_ends() {
        var one = new LinkEnd(PodName.of("pod1"), "eth1", Optional.empty());
        var two = new LinkEnd(PodName.of("pod1"), "eth2", Optional.empty());
        assertThat(new DeclaredLink(16_772_215, one, two).vni()).isEqualTo(0xff_ffff);
        assertThat(new DeclaredLink(1, one, two).mirrored()).isEqualTo(new DeclaredLink(1, two, one));
        assertThat(new DeclaredLink(1, one, two, OptionalInt.of(9000)).mirrored())
                .isEqualTo(new DeclaredLink(1, two, one, OptionalInt.of(9000)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DeclaredLink(1, one, two, OptionalInt.of(67)))
                .withMessage("link 1: mtu 67 is out of the range 68 to 65535");
        assertThatIllegalArgumentException().isThrownBy(() -> new DeclaredLink(1, one, two, OptionalInt.of(65536)));
        assertThatIllegalArgumentException().isThrownBy(() -> new DeclaredLink(16_772_216, one, two));
        assertThatIllegalArgumentException().isThrownBy(() -> new DeclaredLink(0, one, two));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DeclaredLink(
                        1, one, new LinkEnd(one.pod(), "eth1", Optional.of(Prefix.parse("10.0.0.1/24")))))
                .withMessage("link 1: default/pod1 eth1 cannot be its own peer");
    }

    @Test
    void a_living_pod_has_a_netns() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Placement(InetAddress.getLoopbackAddress(), "", "", ""));
        assertThat(new Placement(InetAddress.getLoopbackAddress(), "/n", "", "").vtep())
                .hasToString("/127.0.0.1");
    }
}
