package io.meshnet.tests;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/**
 * The CNI configurations of a node.
 *
 * @param number of the node, which has a range of addresses of its own
 * @param leases where the delegate notes the addresses that it gives out
 */
record CniConfig(int number, Path leases) {

    /** meshnet alone, with the main plugin as its delegate, as legacy meshnet is configured. */
    ObjectNode delegating() {
        ObjectNode config = meshnet("0.1.0");
        config.set("delegate", delegate());
        return config;
    }

    /** meshnet chained behind plugins that made no interface. */
    ObjectNode chained() {
        ObjectNode config = meshnet("1.0.0");
        config.putObject("prevResult").put("cniVersion", "1.0.0");
        return config;
    }

    private static ObjectNode meshnet(String version) {
        return Json.object()
                .put("cniVersion", version)
                .put("name", "my_network")
                .put("type", "meshnet")
                .put("etcd_host", Underlay.ADDRESS)
                .put("etcd_port", "2379");
    }

    /** The delegate's part of the configuration: a bridge with addresses of the node's range. */
    ObjectNode delegate() {
        String net = "10.244." + number + ".";
        ObjectNode delegate = Json.object()
                .put("name", Node.BRIDGE)
                .put("bridge", Node.BRIDGE)
                .put("type", "bridge")
                .put("isDefaultGateway", true)
                .put("ipMasq", true);
        delegate.putObject("ipam")
                .put("type", "host-local")
                .put("subnet", net + "0/24")
                .put("gateway", net + "1")
                .put("dataDir", leases.toString());
        return delegate;
    }

    /** The addresses that the delegate has given out. */
    Set<String> leased() {
        Path directory = leases.resolve(Node.BRIDGE);
        if (!Files.exists(directory)) {
            return Set.of();
        }
        try (var files = Files.list(directory)) {
            return new TreeSet<>(files.map(file -> file.getFileName().toString())
                    .filter(file -> file.matches("[0-9.]+"))
                    .toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
