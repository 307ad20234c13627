package io.meshnet.daemon;

/** meshnet's own codes of CNI errors; the specification leaves those from 100 on to plugins. */
final class Codes {

    /** The pod's declaration of links is broken. */
    static final int TOPOLOGY = 101;

    /** A link could not be made, or is not as it should be. */
    static final int WIRING = 102;

    private Codes() {}
}
