package io.meshnet.store.etcd;

import io.meshnet.topology.NumericAddress;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Where a member of the etcd cluster listens for clients, over plain HTTP/2.
 *
 * @param host a host name, or an IPv4 or IPv6 address, the latter without brackets
 * @param port 1 to 65535
 */
public record Endpoint(String host, int port) {
    /** etcd's registered client port. */
    public static final int DEFAULT_PORT = 2379;

    private static final Pattern HOST_NAME = Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?");
    private static final Pattern PORT = Pattern.compile("[0-9]{1,5}");
    private static final String SCHEME = "http://";

    /** @throws IllegalArgumentException naming what is wrong */
    public Endpoint {
        Objects.requireNonNull(host, "host");
        if (host.indexOf(':') >= 0) {
            host = NumericAddress.format(NumericAddress.parse(host));
        } else if (!HOST_NAME.matcher(host).matches()) {
            throw new IllegalArgumentException("\"" + host + "\" is not a host name or address");
        }
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port " + port + " is out of the range 1 to 65535");
        }
    }

    /**
     * Parses {@code http://host:port}, {@code host:port} or {@code host}; an IPv6 address with a port stands in
     * brackets.
     *
     * @throws IllegalArgumentException naming the text and what is wrong with it
     */
    public static Endpoint parse(String text) {
        try {
            return parseAuthority(authority(text));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("etcd endpoint \"" + text + "\": " + e.getMessage(), e);
        }
    }

    /** {@code host:port}, IPv6 in brackets. */
    String hostAndPort() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    /** The canonical form, {@code http://host:port}. */
    @Override
    public String toString() {
        return SCHEME + hostAndPort();
    }

    private static String authority(String text) {
        String rest = text;
        int scheme = text.indexOf("://");
        if (scheme >= 0) {
            if (!text.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
                throw new IllegalArgumentException(
                        "scheme " + text.substring(0, scheme) + " is not supported, only plain http is");
            }
            rest = text.substring(SCHEME.length());
        }
        return rest.endsWith("/") ? rest.substring(0, rest.length() - 1) : rest;
    }

    private static Endpoint parseAuthority(String authority) {
        if (authority.startsWith("[")) {
            int end = authority.indexOf(']');
            if (end < 0) {
                throw new IllegalArgumentException("the bracket is not closed");
            }
            String rest = authority.substring(end + 1);
            if (!rest.isEmpty() && rest.charAt(0) != ':') {
                throw new IllegalArgumentException("\"" + rest + "\" after the bracket is no port");
            }
            String host = authority.substring(1, end);
            if (host.indexOf(':') < 0) {
                throw new IllegalArgumentException("\"" + host + "\" in brackets is not an IPv6 address");
            }
            return new Endpoint(host, rest.isEmpty() ? DEFAULT_PORT : port(rest.substring(1)));
        }
        int colon = authority.indexOf(':');
        boolean port = colon >= 0 && colon == authority.lastIndexOf(':');
        return port
                ? new Endpoint(authority.substring(0, colon), port(authority.substring(colon + 1)))
                : new Endpoint(authority, DEFAULT_PORT);
    }

    static int port(String text) {
        if (!PORT.matcher(text).matches()) {
            throw new IllegalArgumentException("port \"" + text + "\" is not a number from 1 to 65535");
        }
        return Integer.parseInt(text);
    }
}
