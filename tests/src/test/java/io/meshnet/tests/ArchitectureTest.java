package io.meshnet.tests;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The directions and the boundaries between the modules. */
class ArchitectureTest {
    private static final String BPF = "io.meshnet.bpf..";
    private static final String NETLINK = "io.meshnet.netlink..";
    private static final String TOPOLOGY = "io.meshnet.topology..";
    private static final String STORE_ETCD = "io.meshnet.store.etcd..";
    private static final String WIRING = "io.meshnet.reconciler..";
    private static final String CNI = "io.meshnet.cni..";
    private static final String DAEMON = "io.meshnet.daemon..";

    private static JavaClasses product;

    @BeforeAll
    static void readClasses() {
        product = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.meshnet");
    }

    @ParameterizedTest
    @ValueSource(strings = {BPF, NETLINK, TOPOLOGY, STORE_ETCD, WIRING, CNI, DAEMON})
    void every_module_is_under_these_rules(String module) {
        assertThat(product.that(resideInAPackage(module)))
                .as("classes in %s", module)
                .anyMatch(found -> !found.getSimpleName().equals("package-info"));
    }

    @Test
    void bpf_knows_none_of_the_other_packages() {
        knowsNone(BPF, NETLINK, TOPOLOGY, STORE_ETCD, WIRING, CNI, DAEMON);
    }

    @Test
    void netlink_knows_none_of_the_other_modules() {
        knowsNone(NETLINK, BPF, TOPOLOGY, STORE_ETCD, WIRING, CNI, DAEMON);
    }

    @Test
    void topology_knows_none_of_the_other_modules() {
        knowsNone(TOPOLOGY, BPF, NETLINK, STORE_ETCD, WIRING, CNI, DAEMON);
    }

    @Test
    void cni_knows_none_of_the_other_modules() {
        knowsNone(CNI, BPF, NETLINK, TOPOLOGY, STORE_ETCD, WIRING, DAEMON);
    }

    @Test
    void reconciler_knows_bpf_netlink_and_topology_alone() {
        knowsNone(WIRING, STORE_ETCD, CNI, DAEMON);
    }

    @Test
    void the_store_knows_topology_alone() {
        knowsNone(STORE_ETCD, BPF, NETLINK, WIRING, CNI, DAEMON);
    }

    @Test
    void foreign_memory_and_functions_are_used_in_bpf_and_netlink_alone() {
        isUsedOnlyIn(new String[] {"java.lang.foreign.."}, BPF, NETLINK);
    }

    @Test
    void etcd_and_grpc_are_used_in_the_store_alone() {
        isUsedOnlyIn(
                new String[] {"io.etcd..", "io.grpc..", "io.vertx..", "io.netty..", "com.google.protobuf.."},
                STORE_ETCD);
    }

    @Test
    void helidon_is_used_in_the_daemon_alone() {
        isUsedOnlyIn(new String[] {"io.helidon.."}, DAEMON);
    }

    @Test
    void jackson_is_used_in_topology_cni_and_the_daemon_alone() {
        isUsedOnlyIn(new String[] {"com.fasterxml.jackson.."}, TOPOLOGY, CNI, DAEMON);
    }

    @Test
    void names_say_what_a_class_is() {
        noClasses()
                .should()
                .haveSimpleNameEndingWith("Impl")
                .orShould()
                .haveSimpleNameEndingWith("Manager")
                .orShould()
                .haveSimpleNameEndingWith("Util")
                .orShould()
                .haveSimpleNameEndingWith("Utils")
                .orShould()
                .haveSimpleNameEndingWith("Helper")
                .because("a name says what a class stands for")
                .check(product);
    }

    @Test
    void packages_are_free_of_cycles() {
        SlicesRuleDefinition.slices()
                .matching("io.meshnet.(**)")
                .should()
                .beFreeOfCycles()
                .check(product);
    }

    @Test
    void netlink_requires_java_base_only() {
        ModuleDescriptor netlink = moduleOf("io.meshnet.netlink.Link");

        Set<String> required =
                netlink.requires().stream().map(ModuleDescriptor.Requires::name).collect(Collectors.toSet());

        assertThat(netlink.name()).isEqualTo("io.meshnet.netlink");
        assertThat(required).containsExactly("java.base");
    }

    private static void knowsNone(String module, String... others) {
        noClasses()
                .that()
                .resideInAPackage(module)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(others)
                .check(product);
    }

    private static void isUsedOnlyIn(String[] libraries, String... modules) {
        noClasses()
                .that()
                .resideOutsideOfPackages(modules)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(libraries)
                .check(product);
    }

    private static ModuleDescriptor moduleOf(String className) {
        try {
            Path place = Path.of(Class.forName(className, false, ArchitectureTest.class.getClassLoader())
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            return ModuleFinder.of(place).findAll().iterator().next().descriptor();
        } catch (ClassNotFoundException | URISyntaxException e) {
            throw new AssertionError(className + " is not on the class path", e);
        }
    }
}
