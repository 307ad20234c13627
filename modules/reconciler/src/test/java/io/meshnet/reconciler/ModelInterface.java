package io.meshnet.reconciler;

import io.meshnet.reconciler.ModelKernel.Namespace;
import io.meshnet.topology.Prefix;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/**
 * An interface in a namespace of the model. Beside its state it records what the pod did to it,
 * which has to last until a declaration changes the same property.
 */
final class ModelInterface {

    private final int ifindex;
    private String name;
    private Namespace namespace;
    private int mtu;
    private boolean isUp;
    private final Set<String> addresses = new TreeSet<>();

    private boolean isPort;
    private boolean isSetDown;
    private boolean isAway;
    private boolean isFlushed;
    private OptionalInt ownMtu = OptionalInt.empty();
    private String ownName;
    private final Set<String> ownAddresses = new TreeSet<>();

    ModelInterface(int ifindex, String name, int mtu, Namespace namespace) {
        this.ifindex = ifindex;
        this.name = name;
        this.ownName = name;
        this.mtu = mtu;
        this.namespace = namespace;
    }

    int ifindex() {
        return ifindex;
    }

    String name() {
        return name;
    }

    Namespace namespace() {
        return namespace;
    }

    /** Whether a daemon has made it whole. */
    boolean isPort() {
        return isPort;
    }

    // What the daemon does.

    void born(Optional<Prefix> address) {
        isPort = true;
        isUp = true;
        address.map(Prefix::toString).ifPresent(addresses::add);
    }

    void declareMtu(int declared) {
        mtu = declared;
        ownMtu = OptionalInt.empty();
    }

    void withdraw(Prefix old) {
        addresses.remove(old.toString());
        ownAddresses.remove(old.toString());
    }

    void declare(Prefix added) {
        addresses.add(added.toString());
        isFlushed = false;
    }

    // What the pod does.

    void rename(String other) {
        name = other;
        ownName = other;
    }

    void move(Namespace to) {
        namespace = to;
        isAway = true;
    }

    void setDown() {
        isUp = false;
        isSetDown = true;
    }

    void setMtu(int own) {
        mtu = own;
        ownMtu = OptionalInt.of(own);
    }

    void flush() {
        addresses.clear();
        ownAddresses.clear();
        isFlushed = true;
    }

    void add(String own) {
        addresses.add(own);
        ownAddresses.add(own);
    }

    /**
     * The first property that differs from what declaration and pod set; empty if none does. An
     * interface that the pod moved away keeps the declaration that was applied before the move.
     */
    String defect(int declaredMtu, Optional<Prefix> declared) {
        if (!isPort || isUp == isSetDown) {
            return isPort ? "up is " + isUp : "never raised";
        }
        if (!name.equals(ownName)) {
            return "renamed to " + name;
        }
        if (isAway) {
            return addresses.containsAll(ownAddresses) ? "" : "lost " + ownAddresses;
        }
        Set<String> expected = new TreeSet<>(ownAddresses);
        declared.filter(_ -> !isFlushed).map(Prefix::toString).ifPresent(expected::add);
        if (!addresses.equals(expected)) {
            return "addresses " + addresses + " instead of " + expected;
        }
        int right = ownMtu.orElse(declaredMtu);
        return mtu == right ? "" : "mtu " + mtu + " instead of " + right;
    }

    @Override
    public String toString() {
        return name + "(" + ifindex + ")";
    }
}
