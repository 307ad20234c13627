package io.meshnet.topology;

import java.util.Comparator;

/**
 * A pod by its namespace and name. Ordered by namespace, then name.
 *
 * @param namespace the Kubernetes namespace; the etcd keys have none, so pods read from there are in
 *     {@link #DEFAULT_NAMESPACE}
 * @param name the pod's own name; like the namespace not empty, without slash, white space or control characters
 */
public record PodName(String namespace, String name) implements Comparable<PodName> {

    /** The namespace of a pod that is named without one. */
    public static final String DEFAULT_NAMESPACE = "default";

    private static final Comparator<PodName> ORDER =
            Comparator.comparing(PodName::namespace).thenComparing(PodName::name);

    /** @throws IllegalArgumentException if either part cannot be one segment of a key */
    public PodName {
        check("namespace", namespace);
        check("name", name);
    }

    /** The pod of that name as the etcd keys know it. */
    public static PodName of(String name) {
        return new PodName(DEFAULT_NAMESPACE, name);
    }

    @Override
    public int compareTo(PodName other) {
        return ORDER.compare(this, other);
    }

    /** What a record does by itself, but in plain code: the daemon's compiler never inlines a record's own, and pods are keys of everything. */
    @Override
    public boolean equals(Object other) {
        return other instanceof PodName pod && name.equals(pod.name) && namespace.equals(pod.namespace);
    }

    @Override
    public int hashCode() {
        return 31 * namespace.hashCode() + name.hashCode();
    }

    /** {@code namespace/name}, as Kubernetes' tools write it. */
    @Override
    public String toString() {
        return namespace + "/" + name;
    }

    private static void check(String part, String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("pod " + part + " is empty");
        }
        if (text.indexOf('/') >= 0) {
            throw new IllegalArgumentException("pod " + part + " " + Quoted.of(text) + " contains a slash");
        }
        if (text.codePoints().anyMatch(PodName::isBlankOrControl)) {
            throw new IllegalArgumentException(
                    "pod " + part + " " + Quoted.of(text) + " contains white space or a control character");
        }
    }

    private static boolean isBlankOrControl(int codePoint) {
        return Character.isWhitespace(codePoint)
                || Character.isSpaceChar(codePoint)
                || Character.isISOControl(codePoint)
                || codePoint == 0xFFFD;
    }
}
