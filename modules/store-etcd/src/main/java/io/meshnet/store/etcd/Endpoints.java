package io.meshnet.store.etcd;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The members of one etcd cluster.
 *
 * @param members at least one, none twice
 */
public record Endpoints(List<Endpoint> members) {
    /** Where the seed looks for etcd: {@code localhost:2379}. */
    public static final Endpoints DEFAULT = new Endpoints(List.of(new Endpoint("localhost", Endpoint.DEFAULT_PORT)));

    /** @throws IllegalArgumentException if there is no member */
    public Endpoints {
        members = members.stream().distinct().toList();
        if (members.isEmpty()) {
            throw new IllegalArgumentException("no etcd endpoint is given");
        }
    }

    /**
     * Parses a list separated by commas, each as {@link Endpoint#parse} takes it.
     *
     * @throws IllegalArgumentException naming the endpoint and what is wrong with it
     */
    public static Endpoints parse(String text) {
        return new Endpoints(Stream.of(text.split(",", -1))
                .map(String::strip)
                .map(Endpoint::parse)
                .toList());
    }

    /**
     * The single member that {@code etcd_host} and {@code etcd_port} of a CNI configuration name.
     *
     * @param host name or address; empty for the seed's default
     * @param port decimal; empty for the seed's default
     * @throws IllegalArgumentException naming the member of the configuration and what is wrong with it
     */
    public static Endpoints ofHostAndPort(String host, String port) {
        int number;
        try {
            number = port.isEmpty() ? Endpoint.DEFAULT_PORT : new Endpoint("localhost", Endpoint.port(port)).port();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("etcd_port: " + e.getMessage(), e);
        }
        try {
            boolean bracketed = host.startsWith("[") && host.endsWith("]");
            String bare = bracketed ? host.substring(1, host.length() - 1) : host;
            return new Endpoints(List.of(new Endpoint(bare.isEmpty() ? "localhost" : bare, number)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("etcd_host: " + e.getMessage(), e);
        }
    }

    /**
     * The target that jetcd's resolver for the scheme {@code ip} takes. Its own builder leaves the brackets of IPv6
     * addresses as they are, which no URI allows in a path, so that gRPC looks for another resolver.
     */
    String target() {
        return members.stream()
                .map(member -> member.hostAndPort().replace("[", "%5B").replace("]", "%5D"))
                .collect(Collectors.joining(",", "ip:///", ""));
    }

    @Override
    public String toString() {
        return members.stream().map(Endpoint::toString).collect(Collectors.joining(","));
    }
}
