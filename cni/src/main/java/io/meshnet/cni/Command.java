package io.meshnet.cni;

import java.util.Arrays;
import java.util.Optional;

/** What a runtime can ask of a plugin: the values of {@code CNI_COMMAND}. */
public enum Command {
    ADD(SpecVersion.V0_1_0),
    DEL(SpecVersion.V0_1_0),
    VERSION(SpecVersion.V0_1_0),
    CHECK(SpecVersion.V0_4_0),
    GC(SpecVersion.V1_1_0),
    STATUS(SpecVersion.V1_1_0);

    private final SpecVersion since;

    Command(SpecVersion since) {
        this.since = since;
    }

    /** The first version of the specification that has the command. */
    public SpecVersion since() {
        return since;
    }

    static Optional<Command> of(String text) {
        return Arrays.stream(values())
                .filter(command -> command.name().equals(text))
                .findFirst();
    }
}
