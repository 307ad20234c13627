package io.meshnet.tests;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleName;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
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

/** The directions and the boundaries between the modules, and between the packages of the reconciler. */
class ArchitectureTest {
    private static final String NETLINK = "io.meshnet.netlink..";
    private static final String TOPOLOGY = "io.meshnet.topology..";
    private static final String STORE_ETCD = "io.meshnet.store.etcd..";
    private static final String BPF = "io.meshnet.bpf..";
    private static final String RECONCILER = "io.meshnet.reconciler..";
    private static final String STATE = "io.meshnet.reconciler.state..";
    private static final String PLAN = "io.meshnet.reconciler.plan..";
    private static final String KERNEL = "io.meshnet.reconciler.kernel..";
    private static final String PEER = "io.meshnet.reconciler.peer..";
    private static final String CNI = "io.meshnet.cni..";
    private static final String DAEMON = "io.meshnet.daemon..";

    /** What changes or asks the kernel, other than by values. */
    private static final DescribedPredicate<JavaClass> SOCKETS = resideInAPackage(NETLINK)
            .and(DescribedPredicate.describe(
                    "can reach the kernel",
                    found -> Set.of(
                                    "RouteSocket",
                                    "LinkMonitor",
                                    "LinkBatch",
                                    "LinkDeletion",
                                    "Netns",
                                    "Links",
                                    "Native")
                            .contains(found.getSimpleName())));

    /** Who of the reconciler's root package holds sockets: the kernel thread's work. */
    private static final String HOLDERS =
            "io\\.meshnet\\.reconciler\\.(Reconciler|PodTurn|PatchNamespace|PatchWatch|NodeInspection|KernelThread)(\\$.*)?";

    private static JavaClasses product;

    @BeforeAll
    static void readClasses() {
        product = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.meshnet");
    }

    @ParameterizedTest
    @ValueSource(strings = {NETLINK, BPF, TOPOLOGY, STORE_ETCD, RECONCILER, STATE, PLAN, KERNEL, PEER, CNI, DAEMON})
    void every_module_is_under_these_rules(String module) {
        assertThat(product.that(resideInAPackage(module)))
                .as("classes in %s", module)
                .anyMatch(found -> !found.getSimpleName().equals("package-info"));
    }

    @Test
    void netlink_knows_none_of_the_other_modules() {
        knowsNone(NETLINK, BPF, TOPOLOGY, STORE_ETCD, RECONCILER, CNI, DAEMON);
    }

    @Test
    void bpf_knows_none_of_the_other_packages() {
        knowsNone(BPF, NETLINK, TOPOLOGY, STORE_ETCD, RECONCILER, CNI, DAEMON);
    }

    @Test
    void what_should_be_knows_nothing_of_plans_and_the_kernel() {
        knowsNone(STATE, PLAN, KERNEL, PEER, BPF);
        usesNo(STATE, SOCKETS);
    }

    @Test
    void plans_are_pure() {
        knowsNone(
                PLAN, KERNEL, PEER, BPF, "java.lang.foreign..", "java.io..", "java.nio.file..", "java.nio.channels..");
        usesNo(PLAN, SOCKETS);
    }

    /** Everything else of the reconciler sees values, not sockets. */
    @Test
    void sockets_are_held_by_few() {
        noClasses()
                .that()
                .resideInAPackage(RECONCILER)
                .and()
                .resideOutsideOfPackage(KERNEL)
                .and()
                .haveNameNotMatching(HOLDERS)
                .should()
                .dependOnClassesThat(SOCKETS)
                .check(product);
    }

    @Test
    void topology_knows_none_of_the_other_modules() {
        knowsNone(TOPOLOGY, NETLINK, BPF, STORE_ETCD, RECONCILER, CNI, DAEMON);
    }

    @Test
    void cni_knows_none_of_the_other_modules() {
        knowsNone(CNI, NETLINK, BPF, TOPOLOGY, STORE_ETCD, RECONCILER, DAEMON);
    }

    @Test
    void reconciler_knows_netlink_bpf_and_topology_alone() {
        knowsNone(RECONCILER, STORE_ETCD, CNI, DAEMON);
    }

    @Test
    void the_store_knows_topology_alone() {
        knowsNone(STORE_ETCD, NETLINK, BPF, RECONCILER, CNI, DAEMON);
    }

    @Test
    void foreign_memory_and_functions_are_used_in_netlink_and_bpf_alone() {
        isUsedOnlyIn(new String[] {"java.lang.foreign.."}, NETLINK, BPF);
    }

    @Test
    void bpf_is_used_in_the_kernel_package_alone() {
        noClasses()
                .that()
                .resideOutsideOfPackages(BPF, KERNEL)
                .should()
                .dependOnClassesThat(resideInAPackage(BPF).and(DescribedPredicate.not(simpleName("BpfException"))))
                .check(product);
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

    private static void usesNo(String module, DescribedPredicate<JavaClass> used) {
        noClasses()
                .that()
                .resideInAPackage(module)
                .should()
                .dependOnClassesThat(used)
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
