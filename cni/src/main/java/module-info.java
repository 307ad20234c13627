/** The CNI protocol, and the front that a runtime executes. */
module io.meshnet.cni {
    requires transitive com.fasterxml.jackson.databind;

    exports io.meshnet.cni;
}
